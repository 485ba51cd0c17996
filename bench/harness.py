"""The harness: servers on one core, load on another, measured in turns."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar

from bench.peers import SESSION_GRAPH
from bench.seed import seed_sessions
from bench.servers import ROOT, DatabaseFactory, Server, ServerSpec, ServerUnavailable, running_server

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class BenchConfig:
    seconds: float = 3.0
    runs: int = 3
    restarts: int = 2
    """Runs where each needs a new server."""
    connections: tuple[int, ...] = (64,)
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
    """Provides servers to scenarios. Servers with the same sessions are reused.

    Args:
        config: size and length of the runs.
        server_cores: cores that servers run on; None: any.
        report: receives a line for each server that cannot run here.
    """

    def __init__(self, config: BenchConfig, server_cores: set[int] | None, report: Callable[[str], None]) -> None:
        self.config = config
        self.server_cores = server_cores
        self._report = report
        self._is_available: dict[str, bool] = {}
        self._open_servers = AsyncExitStack()
        self._servers: dict[str, Server] = {}
        self._seeded_sessions = -1

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open_servers.aclose()

    def available(self, specs: Iterable[ServerSpec]) -> Sequence[ServerSpec]:
        """Return those that this machine can run, after installing what they need."""
        return [spec for spec in specs if self._prepare(spec)]

    def _prepare(self, spec: ServerSpec) -> bool:
        if spec.name not in self._is_available:
            try:
                spec.prepare()
            except ServerUnavailable as reason:
                self._report(f"{spec.name} is left out: {reason}.")
                self._is_available[spec.name] = False
            else:
                self._is_available[spec.name] = True
        return self._is_available[spec.name]

    async def servers(self, sessions: int, specs: Iterable[ServerSpec]) -> Sequence[Server]:
        """Return those of the servers that can run, with so many sessions each. Raises ServerFailed, LoadFailed."""
        if self._seeded_sessions != sessions:
            await self._open_servers.aclose()
            self._servers.clear()
            self._seeded_sessions = sessions
        found = []
        for spec in self.available(specs):
            if spec.name not in self._servers:
                opened = self._open_servers.enter_async_context(self.new_server(spec, sessions))
                self._servers[spec.name] = await opened
            found.append(self._servers[spec.name])
        return found

    @asynccontextmanager
    async def new_server(
        self, spec: ServerSpec, sessions: int = 0, create_database: DatabaseFactory | None = None
    ) -> AsyncIterator[Server]:
        """Run a new server with so many sessions. Raises ServerFailed, LoadFailed."""
        tree = self.config.tree if spec is SESSION_GRAPH else ROOT
        async with running_server(spec, self.server_cores, create_database, tree) as server:
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
