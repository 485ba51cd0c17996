"""The harness: servers on one core, load on another, measured in turns."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar

from bench.seed import seed_sessions
from bench.servers import ROOT, SERVER_SPECS, DatabaseFactory, Server, ServerSpec, running_server

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class BenchConfig:
    seconds: float = 3.0
    runs: int = 3
    restarts: int = 2
    """Runs where each needs a new server."""
    connections: tuple[int, ...] = (32, 64)
    sessions: int = 5000
    """Seeded sessions for request scenarios."""
    idle_seconds: float = 30.0
    history_sessions: int = 1_000_000
    scale_down: int = 1
    """Divisor of the subscriber counts."""
    tree: Path = ROOT
    """Folder of the source code that servers run."""

    @property
    def warm_up(self) -> float:
        return self.seconds / 4

    def scaled(self, subscribers: int) -> int:
        return max(20, subscribers // self.scale_down)


class Harness:
    """Provides servers to scenarios. Servers with the same sessions are reused."""

    def __init__(self, config: BenchConfig, server_cores: set[int] | None) -> None:
        self.config = config
        self._server_cores = server_cores
        self._open_servers = AsyncExitStack()
        self._servers: list[Server] = []
        self._seeded_sessions = -1

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open_servers.aclose()

    async def servers(self, sessions: int) -> Sequence[Server]:
        """Return all servers, running, with so many sessions each. Raises ServerFailed, LoadFailed."""
        if self._seeded_sessions != sessions:
            await self._open_servers.aclose()
            opened = [self.new_server(spec, sessions) for spec in SERVER_SPECS]
            self._servers = [await self._open_servers.enter_async_context(server) for server in opened]
            self._seeded_sessions = sessions
        return self._servers

    @asynccontextmanager
    async def new_server(
        self, spec: ServerSpec, sessions: int = 0, create_database: DatabaseFactory | None = None
    ) -> AsyncIterator[Server]:
        """Run a new server with so many sessions. Raises ServerFailed, LoadFailed."""
        async with running_server(spec, self._server_cores, create_database, self.config.tree) as server:
            if sessions:
                await seed_sessions(server, sessions)
            yield server


async def interleaved(
    targets: Sequence[T], runs: int, measure: Callable[[T], Awaitable[R]]
) -> Sequence[tuple[T, Sequence[R]]]:
    """Measure each target once, then all again, so that a slow minute affects all of them."""
    samples: list[list[R]] = [[] for _ in targets]
    for _ in range(runs):
        for target, collected in zip(targets, samples, strict=True):
            collected.append(await measure(target))
    return list(zip(targets, samples, strict=True))
