"""Downloads of attachments through signed URLs."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass

from models.blobstore import CHUNK_BYTES, BlobStore
from models.ids import ATTACHMENT, is_generated_id
from models.uploaded_file import OCTET_STREAM
from resolvers.blobs.content_types import is_executable
from resolvers.blobs.repository import find_attachment
from resolvers.services import Services


@dataclass(frozen=True, slots=True)
class Download:
    filename: str
    content_type: str
    """Never a type that a browser could execute."""
    size: int
    tag: str
    """SHA-256 of the content."""
    blob_store: BlobStore
    key: str

    async def chunks(self, start: int, stop: int) -> AsyncGenerator[bytes]:
        """Read the bytes from `start` up to before `stop`, one chunk per iteration.

        Raises:
            BlobNotFound: the store has lost the blob.
            StorageUnavailable: the store cannot be reached.
        """
        for offset in range(start, stop, CHUNK_BYTES):
            yield await self.blob_store.read(self.key, offset, min(stop, offset + CHUNK_BYTES))


async def find_download(services: Services, attachment_id: str, query: Mapping[str, str]) -> Download | None:
    """Find the file of a signed URL. Unknown, deleted, forged and expired URLs all give None, to look the same.

    Raises:
        StorageUnavailable: the database cannot be read at the moment.
    """
    if not (attachment_id.startswith(ATTACHMENT) and is_generated_id(attachment_id)):
        return None
    moment = await services.liveness.moment()
    if not services.url_signer.verify(attachment_id, query, moment.now):
        return None
    row = await services.database.read(find_attachment, attachment_id)
    if row is None:
        return None
    content_type = OCTET_STREAM if is_executable(row.content_type) else row.content_type
    return Download(row.filename, content_type, row.size, row.sha256, services.uploader.blob_store, row.key)
