"""The files among the data points of a call: looked at, then stored, before the transaction that will hold them."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple

from models.errors import StorageUnavailable
from models.ids import ATTACHMENT, new_id
from models.kinds.base import Breach
from models.kinds.field import MAX_FILE_BYTES, DataPointFields
from models.uploaded_file import IncomingFile
from resolvers.blobs.content_types import Contradiction, content_type_of
from resolvers.context import Context


class Kept(NamedTuple):
    """A file that is in the object store: what its attachment will say."""

    id: str
    filename: str
    content_type: str
    key: str


class Looked(NamedTuple):
    """What the files of a call are: their media types by the place of their data points, and what is wrong."""

    types: Mapping[int, str]
    breaches: tuple[Breach, ...] = ()


NOTHING: Final = Looked({})


async def look_at(data: Sequence[Mapping[str, Any]]) -> Looked:
    """Look into the files among data points as they were given; those that are too large are refused without that.

    Raises:
        StorageUnavailable: they can't be read now.
    """
    files = {index: point["file"] for index, point in enumerate(data) if point.get("file") is not None}
    small = {index: file for index, file in files.items() if file.size <= MAX_FILE_BYTES}
    if not small:
        return NOTHING
    found = dict(zip(small, await _in_thread(list(small.values())), strict=True))
    return Looked(
        {index: type_ for index, type_ in found.items() if isinstance(type_, str)},
        tuple(_breach(index, wrong) for index, wrong in found.items() if isinstance(wrong, Contradiction)),
    )


async def _in_thread(files: list[IncomingFile]) -> list[str | Contradiction]:
    try:
        return await asyncio.to_thread(_types_of, files)
    except OSError as error:
        raise StorageUnavailable("files cannot be read at the moment; repeat the call") from error


def _types_of(files: list[IncomingFile]) -> list[str | Contradiction]:
    return [content_type_of(file) for file in files]


def _breach(index: int, wrong: Contradiction) -> Breach:
    is_not = f"is not {wrong.said}, as it says"
    message = is_not if wrong.found is None else f"{is_not}, but {wrong.found}"
    return Breach(("data", str(index), "file"), f"{message}, by its content")


@asynccontextmanager
async def keeping(
    context: Context, points: Sequence[DataPointFields], looked: Looked
) -> AsyncIterator[Mapping[str, Kept]]:
    """Store the files among data points; what has become of them, by the points' names.

    Raises:
        StorageUnavailable: they can't be stored now; nothing of the call was kept.
    """
    files = {index: point.file for index, point in enumerate(points) if point.file is not None}
    if not files:
        yield {}
        return
    async with context.services.files.keeping(context, list(files.values())) as keys:
        yield {
            points[index].name: Kept(new_id(ATTACHMENT), file.filename, looked.types[index], keys[file.sha256])
            for index, file in files.items()
        }
