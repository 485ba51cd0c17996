"""Services that all operations share, created when the server starts."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.database import Database
from models.errors import StorageUnavailable
from resolvers.server_liveness import ServerLiveness

if TYPE_CHECKING:
    from resolvers.blobs.signed_urls import UrlSigner
    from resolvers.blobs.uploader import BlobUploader
    from resolvers.feed.log_reader import LogReader


@dataclass(frozen=True, slots=True)
class Services:
    database: Database
    liveness: ServerLiveness
    log_reader: "LogReader"
    uploader: "BlobUploader"
    url_signer: "UrlSigner"

    async def is_ready(self) -> bool:
        """Whether the database can be read and its migrations are current."""
        try:
            return await self.database.is_ready()
        except StorageUnavailable:
            return False
