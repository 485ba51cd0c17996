"""What one GraphQL operation has at hand."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from models.clock import Instant
from models.database import Database
from models.database.writer import Item, Result, Work
from resolvers.access import Caller
from resolvers.loaders import Loaders
from resolvers.server_liveness import ServerLiveness

if TYPE_CHECKING:
    from resolvers.blobs.signed_urls import UrlSigner
    from resolvers.blobs.uploader import BlobUploader
    from resolvers.feed import LogReader


@dataclass(frozen=True, slots=True)
class Services:
    """What all operations share; made when the server starts."""

    database: Database
    liveness: ServerLiveness
    log_reader: "LogReader"
    uploader: "BlobUploader"
    url_signer: "UrlSigner"


@dataclass(frozen=True, slots=True)
class Context:
    """One operation: who asks, and when. The time is taken once, so that all parts of an answer agree."""

    services: Services
    caller: Caller
    now: Instant
    is_stale: bool = False
    """Whether `now` lies behind the present, because nothing can be written: good for reading only."""
    loaders: Loaders = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "loaders", Loaders(self.services.database, self.caller, self.now))

    @property
    def database(self) -> Database:
        """The storage, to read from."""
        return self.services.database

    async def write(self, work: Work[Item, Result], item: Item) -> Result:
        """Do `work` in the next transaction; whatever the operation reads after it is read afresh.

        Raises:
            StorageUnavailable: nothing can be written now; nothing of the change was kept.
        """
        if self.is_stale:
            await self.services.liveness.raise_stale()
        result = await self.database.write(work, item)
        self.loaders.clear()
        return result


async def open_context(services: Services, caller: Caller) -> Context:
    """The context of an operation that begins now."""
    moment = await services.liveness.moment()
    return Context(services, caller, moment.now, moment.is_stale)
