"""Files among the data points of a command: type detection and upload."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from models.enums import Scope
from models.errors import StorageUnavailable
from models.ids import ATTACHMENT, new_id
from models.kinds.field import MAX_FILE_BYTES, DataPointFields
from models.problems import Problem
from models.uploaded_file import UploadedFile
from resolvers.access import require
from resolvers.blobs.content_types import TypeMismatch, resolve_content_type
from resolvers.blobs.leases import LeaseRequest
from resolvers.blobs.repository import acquire
from resolvers.context import Context
from resolvers.forms.data_points import StoredAttachment


def attachment_url(context: Context, attachment_id: str) -> str:
    """Return a signed URL of a file of a session that the caller can access.

    Raises:
        Forbidden: the caller has neither READ nor WRITE, and so it may not read sessions.
    """
    require(context.caller, Scope.READ, Scope.WRITE)
    return context.services.url_signer.sign(attachment_id, context.now)


class DetectedTypes(NamedTuple):
    types: Mapping[int, str]
    """Media types by the index of the data point."""
    problems: tuple[Problem, ...] = ()


async def detect_types(data: Sequence[Mapping[str, Any]]) -> DetectedTypes:
    """Detect the media types of the files among unvalidated data points, except those above the size limit.

    Raises:
        StorageUnavailable: the files cannot be read at the moment.
    """
    files = {index: point["file"] for index, point in enumerate(data) if point.get("file") is not None}
    readable = {index: file for index, file in files.items() if file.size <= MAX_FILE_BYTES}
    if not readable:
        return DetectedTypes({})
    try:
        types = await asyncio.to_thread(_resolve_types, list(readable.values()))
    except OSError as error:
        raise StorageUnavailable("files cannot be read at the moment; repeat the call") from error
    results = dict(zip(readable, types, strict=True))
    return DetectedTypes(
        {index: type_ for index, type_ in results.items() if isinstance(type_, str)},
        tuple(_problem(index, found) for index, found in results.items() if isinstance(found, TypeMismatch)),
    )


def _resolve_types(files: list[UploadedFile]) -> list[str | TypeMismatch]:
    return [resolve_content_type(file) for file in files]


def _problem(index: int, mismatch: TypeMismatch) -> Problem:
    content = "has another content" if mismatch.detected is None else f"its content is {mismatch.detected}"
    return Problem(("data", str(index), "file"), f"is declared as {mismatch.declared}, but {content}")


@asynccontextmanager
async def store_attachments(
    context: Context, points: Sequence[DataPointFields], detected: DetectedTypes
) -> AsyncIterator[Mapping[str, StoredAttachment]]:
    """Upload the files among data points; yields the attachments by the names of their points.

    The caller saves them within the context: until then a lease and the in-flight mark protect the blobs.

    Raises:
        StorageUnavailable: a file cannot be stored at the moment; nothing of the command was saved.
    """
    files = {index: point.file for index, point in enumerate(points) if point.file is not None}
    if not files:
        yield {}
        return
    uploader = context.services.uploader
    by_digest = {file.sha256: file for file in files.values()}
    with uploader.in_flight(by_digest):
        sizes = {sha256: file.size for sha256, file in by_digest.items()}
        leases = await context.write(acquire, LeaseRequest(context.now, sizes))
        await uploader.upload(leases, by_digest)
        yield {
            points[index].name: StoredAttachment(
                new_id(ATTACHMENT), file.filename, detected.types[index], leases[file.sha256].key
            )
            for index, file in files.items()
        }
