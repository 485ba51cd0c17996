"""Context of one GraphQL operation."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from models.clock import Instant
from models.database import Database
from models.database.writer import Item, Result, Work
from resolvers.access import Caller
from resolvers.feed.messages import BatchRows
from resolvers.loaders import Loaders
from resolvers.services import Services


@dataclass(slots=True)
class Context:
    """The caller and the time of an operation. All its fields use the same `now`, so that they agree."""

    services: Services
    caller: Caller
    now: Instant
    is_stale: bool = False
    """Whether `now` is in the past because the database cannot be written: the operation can only read."""
    is_past: Callable[[], bool] | None = None
    """Returns whether the server was down, or its clock was set, since `now`: then the operation can only read."""
    batch_rows: BatchRows | None = None
    """What it shares with other operations, if it is one on a batch of the log."""
    _loaders: Loaders | None = field(default=None, init=False)

    @property
    def database(self) -> Database:
        return self.services.database

    @property
    def loaders(self) -> Loaders:
        # Created on first use: most commands read nothing by id.
        if self._loaders is None:
            shared = None if self.batch_rows is None else self.batch_rows.reads(self.caller)
            self._loaders = Loaders(self.database, self.caller, self.services.projects, shared)
        return self._loaders

    async def write(self, work: Work[Item, Result], item: Item) -> Result:
        """Run `work` in the next transaction; later reads of the operation see its changes.

        Raises:
            StorageUnavailable: the database cannot be written; nothing was changed.
        """
        if self.is_stale:
            await self.services.liveness.raise_stale()
        result = await self.database.write(work, item, self.is_past)
        if self._loaders is not None:
            self._loaders.clear()
        return result

    async def write_all(self, work: Work[Item, Result], items: Sequence[Item]) -> list[Result]:
        """Run `work` for each of `items`, as `write` does for one, in as few transactions as they fit in."""
        if self.is_stale:
            await self.services.liveness.raise_stale()
        results = await self.database.write_all(work, items, self.is_past)
        if self._loaders is not None:
            self._loaders.clear()
        return results


class open_context:  # noqa: N801 - called like a function
    """`async with open_context(services, caller) as context:` makes the context of one operation.

    A class, as a generator with `asynccontextmanager` takes three times as long.
    """

    __slots__ = ("_caller", "_services")

    def __init__(self, services: Services, caller: Caller) -> None:
        self._services = services
        self._caller = caller

    async def __aenter__(self) -> Context:
        liveness = self._services.liveness
        moment = await liveness.moment()
        is_past = partial(liveness.is_past, moment)
        return Context(self._services, self._caller, moment.now, moment.is_stale, is_past)

    async def __aexit__(self, *_error: object) -> None:
        """Nothing has to be released."""
