"""The scalars beyond GraphQL's own: instants, free JSON, binary data. What breaks their form never gets further."""

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Callable
from datetime import datetime
from math import isfinite
from typing import TYPE_CHECKING, Any, Final, NewType

from graphql import ConstValueNode, GraphQLError, GraphQLScalarType, StringValueNode, value_from_ast_untyped
from strawberry.types.scalar import ScalarDefinition

from models.clock import MAX_INSTANT, SECOND, Instant, to_rfc3339
from models.uploaded_file import UploadedFile

if TYPE_CHECKING:
    # What resolvers handle; the names below tell strawberry which scalar stands for it.
    DateTime = int
    JSON = Any
    Base64 = bytes
    Upload = UploadedFile
else:
    DateTime = NewType("DateTime", int)
    JSON = NewType("JSON", object)
    Base64 = NewType("Base64", bytes)
    Upload = NewType("Upload", object)

_DATE_TIME: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt]((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:\.(\d+))?([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)",
    re.ASCII,
)
_MIN_INSTANT: Final = -62_135_596_800_000
"""0001-01-01T00:00:00.000Z"""

MAX_JSON_DEPTH: Final = 32
_JSON_INTEGERS: Final = range(-(2**63), 2**64)
"""What a JSON number without a fraction can be where it is stored."""
_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")


def parse_datetime(text: object) -> Instant:
    """The instant that RFC 3339 text with an offset names, cut to the millisecond.

    Raises:
        GraphQLError: it is no such text, or not in the years 0001 to 9999 of UTC.
    """
    match = _DATE_TIME.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise GraphQLError("DateTime must be RFC 3339 text with an offset, such as 2024-05-31T14:00:00.000Z.")
    date, time, fraction, offset = match.groups()
    try:
        whole = int(datetime.fromisoformat(f"{date}T{time}{offset.upper()}").timestamp())
    except ValueError:
        raise GraphQLError("DateTime must be a day that the calendar has.") from None
    instant = whole * SECOND + int(((fraction or "") + "000")[:3])
    if not _MIN_INSTANT <= instant <= MAX_INSTANT:
        raise GraphQLError("DateTime must be in the years 0001 to 9999 of UTC.")
    return instant


def validate_json(value: Any) -> Any:
    """A JSON value as it is.

    Raises:
        GraphQLError: not everyone could store and read back every part of it.
    """
    _validate_json_value(value, 0)
    return value


def _validate_json_value(value: Any, depth: int) -> None:
    if isinstance(value, dict | list):
        if depth == MAX_JSON_DEPTH:
            raise GraphQLError(f"JSON must not be nested deeper than {MAX_JSON_DEPTH} levels.")
        if isinstance(value, dict):
            for name in value:
                _validate_json_text(name)
        for item in value.values() if isinstance(value, dict) else value:
            _validate_json_value(item, depth + 1)
    elif isinstance(value, str):
        _validate_json_text(value)
    elif isinstance(value, float) and not isfinite(value):
        raise GraphQLError("JSON numbers must be finite.")
    elif isinstance(value, int) and value not in _JSON_INTEGERS:
        raise GraphQLError("JSON whole numbers must fit into 64 bits.")
    elif not (value is None or isinstance(value, int | float)):
        raise GraphQLError("JSON must be text, a number, true, false, null, a list or an object.")


def _validate_json_text(text: object) -> None:
    if not isinstance(text, str) or _UNSTORABLE.search(text):
        raise GraphQLError("JSON text must not contain NUL or half a surrogate pair.")


def parse_base64(text: object) -> bytes:
    """What standard base64 text with padding stands for.

    Raises:
        GraphQLError: it is not what encoding those bytes would give.
    """
    try:
        data = b64decode(text, validate=True) if isinstance(text, str) else None
    except (Base64Error, ValueError):
        data = None
    # Decoders overlook stray bits and missing ends: only what comes out again the same is well formed.
    if data is None or format_base64(data) != text:
        raise GraphQLError("Base64 must be standard base64 text with padding.")
    return data


def format_base64(data: bytes) -> str:
    """Bytes as standard base64 text with padding."""
    return b64encode(data).decode()


def parse_upload(value: object) -> UploadedFile:
    """A file that came with the operation.

    Raises:
        GraphQLError: it is something else.
    """
    if not isinstance(value, UploadedFile):
        raise GraphQLError("Upload must be a file part of a multipart request.")
    return value


def _string_literal(coerce: Callable[[object], object]) -> Callable[[ConstValueNode], object]:
    """A literal of a scalar that is text: only with quotation marks, where `value` is what they hold."""
    return lambda node: coerce(node.value if isinstance(node, StringValueNode) else None)


def _scalar_definition(type_: GraphQLScalarType) -> ScalarDefinition:
    return ScalarDefinition(
        name=type_.name,
        description=type_.description,
        specified_by_url=type_.specified_by_url,
        serialize=None,
        parse_value=None,
        parse_literal=None,
        implementation=type_,
    )


SCALARS: Final[dict[object, ScalarDefinition]] = {
    DateTime: _scalar_definition(
        GraphQLScalarType(
            "DateTime",
            coerce_input_value=parse_datetime,
            coerce_input_literal=_string_literal(parse_datetime),
            coerce_output_value=to_rfc3339,
            description="An instant. In: RFC 3339 with an offset, such as `2024-05-31T14:00:00+02:00`, years 0001 to "
            "9999; what is finer than a millisecond is cut off. Out: UTC with milliseconds and `Z`.",
            specified_by_url="https://scalars.graphql.org/andimarek/date-time.html",
        )
    ),
    JSON: _scalar_definition(
        GraphQLScalarType(
            "JSON",
            coerce_input_value=validate_json,
            coerce_input_literal=lambda node: validate_json(value_from_ast_untyped(node)),
            description="Any JSON value, also written as a literal. Whole numbers have at most 64 bits, text has no "
            f"NUL, and nothing is nested deeper than {MAX_JSON_DEPTH} levels.",
        )
    ),
    Base64: _scalar_definition(
        GraphQLScalarType(
            "Base64",
            coerce_input_value=parse_base64,
            coerce_input_literal=_string_literal(parse_base64),
            coerce_output_value=format_base64,
            description="Binary data as standard base64 text (RFC 4648, section 4) with padding.",
        )
    ),
    Upload: _scalar_definition(
        GraphQLScalarType(
            "Upload",
            coerce_input_value=parse_upload,
            coerce_input_literal=parse_upload,
            description="A file part of a multipart request, as a variable: see the GraphQL multipart request "
            "specification.",
            specified_by_url="https://github.com/jaydenseric/graphql-multipart-request-spec",
        )
    ),
}
