"""Where figures are measured: the servers on one core, the load on another, and each has its turn."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Self, TypeVar

from bench.seed import stock
from bench.servers import RECIPES, Prepare, Recipe, Server, running
from bench.subscribers.process import CrowdProcess, crowd_process
from bench.system_info import allow_files

T = TypeVar("T")
R = TypeVar("R")

SPARE_FILES = 500
"""What a process opens beside its sockets."""


@dataclass(frozen=True)
class Effort:
    """How long, how often, how much."""

    seconds: float = 3.0
    """Of one run."""
    runs: int = 3
    """Of each server, where they go on with what they have."""
    restarts: int = 2
    """The same, where each begins with a new server."""
    connections: tuple[int, ...] = (32, 64)
    """Of callers over HTTP."""
    sessions: int = 5000
    """In the files that these callers work on."""
    idle_seconds: float = 30.0
    """For which ten thousand dashboards are watched while nothing happens."""
    past: int = 1_000_000
    """Sessions in the file with a long past."""
    shrink: int = 1
    """By which subscribers are fewer than a figure says."""

    @property
    def warm_up(self) -> float:
        """Seconds before the first run."""
        return self.seconds / 4

    def of(self, subscribers: int) -> int:
        """How many subscribers to have."""
        return max(20, subscribers // self.shrink)


class Ground:
    """Gives figures their servers. What they need again is kept until they need something else."""

    def __init__(self, effort: Effort, serving: set[int] | None, loading: set[int] | None) -> None:
        self.effort = effort
        self._serving = serving
        self._loading = loading
        self._kept = AsyncExitStack()
        self._servers: list[Server] = []
        self._stocked = -1

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._kept.aclose()

    async def servers(self, sessions: int) -> Sequence[Server]:
        """All servers, running, with so many sessions in each. Raises ServerFailed, LoadFailed."""
        if self._stocked != sessions:
            await self._kept.aclose()
            self._servers = [await self._kept.enter_async_context(self.fresh(one, sessions)) for one in RECIPES]
            self._stocked = sessions
        return self._servers

    @asynccontextmanager
    async def fresh(self, recipe: Recipe, sessions: int) -> AsyncIterator[Server]:
        """A new server with so many sessions. Raises ServerFailed, LoadFailed."""
        async with running(recipe, self._serving) as server:
            await stock(server, sessions)
            yield server

    @asynccontextmanager
    async def prepared(self, recipe: Recipe, prepare: Prepare) -> AsyncIterator[Server]:
        """A new server with a database that was there before it. Raises ServerFailed."""
        async with running(recipe, self._serving, prepare) as server:
            yield server

    @asynccontextmanager
    async def crowd(self, count: int) -> AsyncIterator[CrowdProcess]:
        """A process that may have so many clients, as may servers that are started from now on. Raises MachineLacks."""
        allow_files(count + SPARE_FILES)
        async with crowd_process(self._loading) as crowd:
            yield crowd


async def by_turns(
    things: Sequence[T], runs: int, sample: Callable[[T], Awaitable[R]]
) -> Sequence[tuple[T, Sequence[R]]]:
    """The samples of each thing: all have a turn, and then again, so that a slow minute hits all of them."""
    taken: list[list[R]] = [[] for _ in things]
    for _ in range(runs):
        for thing, samples in zip(things, taken, strict=True):
            samples.append(await sample(thing))
    return list(zip(things, taken, strict=True))
