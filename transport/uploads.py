"""Uploaded files as resolvers see them: values of the scalar `Upload`."""

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, Any, BinaryIO, Final, TypeAlias, cast

from graphql import (
    GraphQLSchema,
    OperationType,
    get_named_type,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
    type_from_ast,
)

from transport.documents.input_errors import first_uses, shorten
from transport.documents.operation import Operation
from transport.errors import bad_input

UPLOAD_SCALAR: Final = "Upload"
VariablePath: TypeAlias = tuple[str | int, ...]
"""Place of a file in the variables: the variable's name, then names of input fields and list indexes."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Upload:
    """An uploaded file. It exists while its operation runs, and while it is open."""

    filename: str
    """Sent by the client, without folders and control characters, at most 255 characters; "" without one.
    Neither unique nor safe as a path."""
    content_type: str
    """Sent by the client, in lower case, without parameters; `application/octet-stream` without one."""
    size: int
    """In bytes."""
    sha256: str
    """In lower-case hexadecimal."""
    file: IO[bytes]
    """An unlinked temporary file: its space is freed when the last descriptor is closed, or the process ends."""

    def open(self) -> BinaryIO:
        """Open the content for reading from its start, independently of other readers. Reads block."""
        return cast(BinaryIO, io.BufferedReader(_IndependentReader(os.dup(self.file.fileno())), 64 * 1024))

    def __repr__(self) -> str:
        return "<a file>"  # coercion errors quote values, and reach the client


class _IndependentReader(io.RawIOBase):
    """Reads a shared file at a position of its own."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        # `pread` leaves the file offset alone, which all descriptors of the file share.
        count = os.preadv(self._descriptor, [buffer], self._position)
        self._position += count
        return count

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        bases = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: os.fstat(self._descriptor).st_size}
        self._position = max(0, bases[whence] + offset)
        return self._position

    def close(self) -> None:
        if not self.closed:
            os.close(self._descriptor)
        super().close()


def check_upload_paths(schema: GraphQLSchema, operation: Operation, paths: Sequence[VariablePath]) -> None:
    """Raise RequestError for files where the schema has no `Upload`: other scalars cannot handle them."""
    if operation.type is OperationType.SUBSCRIPTION:
        raise bad_input("A subscription takes no files.")
    variable_types = {item.variable.name.value: item.type for item in operation.node.variable_definitions or ()}
    for variable, *keys in paths:
        type_: Any = type_from_ast(schema, variable_types[str(variable)]) if variable in variable_types else None
        for key in keys:
            type_ = child_type(type_, key)
        if type_ is None or get_named_type(type_).name != UPLOAD_SCALAR:
            path = ".".join(map(str, (variable, *keys)))
            message = f"There is a file at variables.{path}, which is no {UPLOAD_SCALAR} in the schema."
            argument_path = first_uses(operation.document, operation.node).get(str(variable), (str(variable),))
            raise bad_input(message, inputPath=[shorten(str(part)) for part in (*argument_path, *keys)])


def child_type(type_: Any, key: str | int) -> Any:
    """Return the type of an input field or list item; None if the type does not have it."""
    while is_non_null_type(type_) or (is_list_type(type_) and isinstance(key, str)):
        type_ = type_.of_type  # a single value is coerced to a list
    if isinstance(key, int):
        return type_.of_type if is_list_type(type_) else None
    field = type_.fields.get(key) if is_input_object_type(type_) else None
    return field.type if field else None
