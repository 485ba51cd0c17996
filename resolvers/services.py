"""Services that all operations share, created when the server starts."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.database import Database
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
