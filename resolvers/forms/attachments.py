"""The files among the data points of a call: looked at, then stored, before the transaction that will hold them."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple

from models.errors import StorageUnavailable
from models.ids import ATTACHMENT, new_id
from models.kinds.field import MAX_FILE_BYTES, DataPointFields
from models.problems import Problem
from models.uploaded_file import UploadedFile
from resolvers.blobs.content_types import TypeMismatch, resolve_content_type
from resolvers.context import Context


class StoredAttachment(NamedTuple):
    """A file that is in the object store: what its attachment will say."""

    id: str
    filename: str
    content_type: str
    key: str


class DetectedTypes(NamedTuple):
    """What the files of a call are: their media types by the place of their data points, and what is wrong."""

    types: Mapping[int, str]
    problems: tuple[Problem, ...] = ()


NO_FILES: Final = DetectedTypes({})


async def detect_types(data: Sequence[Mapping[str, Any]]) -> DetectedTypes:
    """Look into the files among data points as they were given; those that are too large are refused without that.

    Raises:
        StorageUnavailable: they can't be read now.
    """
    files = {index: point["file"] for index, point in enumerate(data) if point.get("file") is not None}
    readable = {index: file for index, file in files.items() if file.size <= MAX_FILE_BYTES}
    if not readable:
        return NO_FILES
    results = dict(zip(readable, await _resolve_in_thread(list(readable.values())), strict=True))
    return DetectedTypes(
        {index: type_ for index, type_ in results.items() if isinstance(type_, str)},
        tuple(
            _mismatch_problem(index, mismatch)
            for index, mismatch in results.items()
            if isinstance(mismatch, TypeMismatch)
        ),
    )


async def _resolve_in_thread(files: list[UploadedFile]) -> list[str | TypeMismatch]:
    try:
        return await asyncio.to_thread(_resolve_types, files)
    except OSError as error:
        raise StorageUnavailable("files cannot be read at the moment; repeat the call") from error


def _resolve_types(files: list[UploadedFile]) -> list[str | TypeMismatch]:
    return [resolve_content_type(file) for file in files]


def _mismatch_problem(index: int, mismatch: TypeMismatch) -> Problem:
    prefix = f"is not {mismatch.declared}, as it says"
    message = prefix if mismatch.detected is None else f"{prefix}, but {mismatch.detected}"
    return Problem(("data", str(index), "file"), f"{message}, by its content")


@asynccontextmanager
async def store_attachments(
    context: Context, points: Sequence[DataPointFields], detected: DetectedTypes
) -> AsyncIterator[Mapping[str, StoredAttachment]]:
    """Store the files among data points; what has become of them, by the points' names.

    Raises:
        StorageUnavailable: they can't be stored now; nothing of the call was kept.
    """
    files = {index: point.file for index, point in enumerate(points) if point.file is not None}
    if not files:
        yield {}
        return
    async with context.services.uploader.uploaded(context, list(files.values())) as keys:
        yield {
            points[index].name: StoredAttachment(
                new_id(ATTACHMENT), file.filename, detected.types[index], keys[file.sha256]
            )
            for index, file in files.items()
        }
