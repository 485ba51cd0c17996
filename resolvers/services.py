"""Services that all operations share, created when the server starts."""

from dataclasses import dataclass

from models.database import Database
from models.errors import StorageUnavailable
from resolvers.blobs.signed_urls import UrlSigner
from resolvers.blobs.uploader import BlobUploader
from resolvers.feed.log_reader import LogReader
from resolvers.projects.cache import ProjectCache
from resolvers.server_liveness import ServerLiveness
from resolvers.tokens.authenticator import Authenticator


@dataclass(frozen=True, slots=True)
class Services:
    database: Database
    liveness: ServerLiveness
    log_reader: LogReader
    projects: ProjectCache
    uploader: BlobUploader
    url_signer: UrlSigner
    authenticator: Authenticator

    @property
    def sync_failure(self) -> str | None:
        """Why the server has to be restarted, once a sync of the database has failed."""
        return self.database.sync_failure

    async def is_ready(self) -> bool:
        """Return whether the database can be read and its migrations are current."""
        try:
            return await self.database.is_ready()
        except StorageUnavailable:
            return False
