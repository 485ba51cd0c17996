"""Where figures are measured: the servers on one core, the load on another, and each has its turn."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Self, TypeVar

from bench.seed import seed_sessions
from bench.servers import SERVER_SPECS, DatabaseFactory, Server, ServerSpec, running_server
from bench.subscribers.process import SubscriberProcess, start_subscriber_process
from bench.system_info import raise_fd_limit

T = TypeVar("T")
R = TypeVar("R")

RESERVED_FDS = 500
"""What a process opens beside its sockets."""


@dataclass(frozen=True)
class BenchConfig:
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
    history_sessions: int = 1_000_000
    """Sessions in the file with a long past."""
    scale_down: int = 1
    """By which subscribers are fewer than a figure says."""

    @property
    def warm_up(self) -> float:
        """Seconds before the first run."""
        return self.seconds / 4

    def scaled(self, subscribers: int) -> int:
        """How many subscribers to have."""
        return max(20, subscribers // self.scale_down)


class Harness:
    """Gives figures their servers. What they need again is kept until they need something else."""

    def __init__(self, config: BenchConfig, server_cores: set[int] | None, load_cores: set[int] | None) -> None:
        self.effort = config
        self._server_cores = server_cores
        self._load_cores = load_cores
        self._open_servers = AsyncExitStack()
        self._servers: list[Server] = []
        self._seeded_sessions = -1

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open_servers.aclose()

    async def servers(self, sessions: int) -> Sequence[Server]:
        """All servers, running, with so many sessions in each. Raises ServerFailed, LoadFailed."""
        if self._seeded_sessions != sessions:
            await self._open_servers.aclose()
            self._servers = [
                await self._open_servers.enter_async_context(self.new_server(one, sessions)) for one in SERVER_SPECS
            ]
            self._seeded_sessions = sessions
        return self._servers

    @asynccontextmanager
    async def new_server(self, spec: ServerSpec, sessions: int) -> AsyncIterator[Server]:
        """A new server with so many sessions. Raises ServerFailed, LoadFailed."""
        async with running_server(spec, self._server_cores) as server:
            await seed_sessions(server, sessions)
            yield server

    @asynccontextmanager
    async def server_with_database(self, spec: ServerSpec, create_database: DatabaseFactory) -> AsyncIterator[Server]:
        """A new server with a database that was there before it. Raises ServerFailed."""
        async with running_server(spec, self._server_cores, create_database) as server:
            yield server

    @asynccontextmanager
    async def subscriber_process(self, count: int) -> AsyncIterator[SubscriberProcess]:
        """A process that may have so many clients, as may servers that are started from now on. Raises MachineLacks."""
        raise_fd_limit(count + RESERVED_FDS)
        async with start_subscriber_process(self._load_cores) as process:
            yield process


async def interleaved(
    targets: Sequence[T], runs: int, sample: Callable[[T], Awaitable[R]]
) -> Sequence[tuple[T, Sequence[R]]]:
    """The samples of each thing: all have a turn, and then again, so that a slow minute hits all of them."""
    collected: list[list[R]] = [[] for _ in targets]
    for _ in range(runs):
        for target, samples in zip(targets, collected, strict=True):
            samples.append(await sample(target))
    return list(zip(targets, collected, strict=True))
