"""Files on their way out: what an address leads to."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.engine import Connection

from models.blobstore import CHUNK_BYTES, Objects
from models.ids import ATTACHMENT, is_made_here
from models.tables import attachment, stored_file
from models.uploaded_file import UNKNOWN_TYPE
from resolvers.blobs.content_types import is_active
from resolvers.context import Services


@dataclass(frozen=True, slots=True)
class Download:
    """A file that an address leads to."""

    filename: str
    content_type: str
    """What a browser can do no harm with."""
    size: int
    tag: str
    """The SHA-256 of its content."""
    objects: Objects
    key: str

    async def chunks(self, start: int, stop: int) -> AsyncGenerator[bytes]:
        """What is in it from `start` up to before `stop`, a chunk at a time; the next is read when it is asked for.

        Raises:
            ObjectMissing: it is not in the store, where it should be.
            StorageUnavailable: the store can't be reached.
        """
        for begin in range(start, stop, CHUNK_BYTES):
            yield await self.objects.read(self.key, begin, min(stop, begin + CHUNK_BYTES))


async def find_download(services: Services, attachment_id: str, query: Mapping[str, str]) -> Download | None:
    """The file of an address; null where it is unknown, gone, or the address is not (or no longer) good: all the same.

    Raises:
        StorageUnavailable: that can't be looked up now.
    """
    if not (attachment_id.startswith(ATTACHMENT) and is_made_here(attachment_id)):
        return None
    moment = await services.presence.moment()
    if not services.links.allows(attachment_id, query, moment.now):
        return None
    return await services.database.read(_find, attachment_id, services.files.objects)


def _find(tx: Connection, attachment_id: str, objects: Objects) -> Download | None:
    statement = (
        select(
            attachment.c.filename,
            attachment.c.content_type,
            stored_file.c.size,
            stored_file.c.sha256,
            stored_file.c.key,
        )
        .join(stored_file, stored_file.c.key == attachment.c.file_key)
        .where(attachment.c.id == attachment_id)
    )
    row = tx.execute(statement).one_or_none()
    if row is None:
        return None
    content_type = UNKNOWN_TYPE if is_active(row.content_type) else row.content_type
    return Download(row.filename, content_type, row.size, row.sha256, objects, row.key)
