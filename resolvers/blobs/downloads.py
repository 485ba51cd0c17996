"""Files on their way out: what an address leads to."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.engine import Connection

from models.blobstore import CHUNK_BYTES, BlobStore
from models.ids import ATTACHMENT, is_generated_id
from models.tables import attachment, blob
from models.uploaded_file import OCTET_STREAM
from resolvers.blobs.content_types import is_executable
from resolvers.services import Services


@dataclass(frozen=True, slots=True)
class Download:
    """A file that an address leads to."""

    filename: str
    content_type: str
    """What a browser can do no harm with."""
    size: int
    tag: str
    """The SHA-256 of its content."""
    blob_store: BlobStore
    key: str

    async def chunks(self, start: int, stop: int) -> AsyncGenerator[bytes]:
        """What is in it from `start` up to before `stop`, a chunk at a time; the next is read when it is asked for.

        Raises:
            BlobNotFound: it is not in the store, where it should be.
            StorageUnavailable: the store can't be reached.
        """
        for offset in range(start, stop, CHUNK_BYTES):
            yield await self.blob_store.read(self.key, offset, min(stop, offset + CHUNK_BYTES))


async def find_download(services: Services, attachment_id: str, query: Mapping[str, str]) -> Download | None:
    """The file of an address; null where it is unknown, gone, or the address is not (or no longer) good: all the same.

    Raises:
        StorageUnavailable: that can't be looked up now.
    """
    if not (attachment_id.startswith(ATTACHMENT) and is_generated_id(attachment_id)):
        return None
    moment = await services.liveness.moment()
    if not services.url_signer.verify(attachment_id, query, moment.now):
        return None
    return await services.database.read(_find, attachment_id, services.uploader.blob_store)


def _find(tx: Connection, attachment_id: str, blob_store: BlobStore) -> Download | None:
    statement = (
        select(
            attachment.c.filename,
            attachment.c.content_type,
            blob.c.size,
            blob.c.sha256,
            blob.c.key,
        )
        .join(blob, blob.c.key == attachment.c.file_key)
        .where(attachment.c.id == attachment_id)
    )
    row = tx.execute(statement).one_or_none()
    if row is None:
        return None
    content_type = OCTET_STREAM if is_executable(row.content_type) else row.content_type
    return Download(row.filename, content_type, row.size, row.sha256, blob_store, row.key)
