"""The comparison: the same figures on each server in one run, by turns, so that a slow minute hits all of them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import chain
from statistics import median

from bench.figures import FIGURES
from bench.figures.figure import Figure
from bench.load import Sample
from bench.servers import Recipe, Server, running
from bench.statistics import percentile
from bench.stock import stock


@dataclass(frozen=True)
class Effort:
    """How long and how often: seconds of a run, runs of each server, warm-up seconds, connections, sessions."""

    seconds: float
    runs: int
    warm_up: float
    connections: tuple[int, ...]
    sessions: int


@dataclass
class Result:
    """The runs of one server at one figure and number of connections."""

    figure: str
    connections: int
    server: str
    samples: list[Sample] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Right answers per second: the median of the runs."""
        return median(sample.rate for sample in self.samples)

    @property
    def spread(self) -> tuple[float, float]:
        """The slowest and the fastest run, per second."""
        rates = [sample.rate for sample in self.samples]
        return min(rates), max(rates)

    @property
    def wrong(self) -> int:
        return sum(sample.wrong for sample in self.samples)

    @property
    def client_share(self) -> float:
        """How busy the load client kept its core, 0 to 1; near 1 it was the client that was measured."""
        return median(sample.client_seconds / sample.seconds for sample in self.samples)

    def latency(self, share: float) -> float:
        """Seconds that `share` of the right answers did not exceed: the median of the runs."""
        return median(percentile(sample.latencies, share) for sample in self.samples)


@asynccontextmanager
async def stocked(recipes: Sequence[Recipe], sessions: int, cores: set[int] | None) -> AsyncIterator[list[Server]]:
    """All servers, running and full. Raises ServerFailed, LoadFailed."""
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(running(recipe, cores)) for recipe in recipes]
        for server in servers:
            await stock(server, sessions)
        yield servers


async def compare(servers: Sequence[Server], effort: Effort) -> AsyncIterator[list[Result]]:
    """The results of one figure, by connections and then by server; then those of the next. Raises LoadFailed."""
    for figure in FIGURES:
        results = [await _by_turns(figure, connections, servers, effort) for connections in effort.connections]
        yield list(chain.from_iterable(results))


async def _by_turns(figure: Figure, connections: int, servers: Sequence[Server], effort: Effort) -> list[Result]:
    results = [Result(figure.name, connections, server.name) for server in servers]
    for server in servers:
        await figure.sample(server, connections, effort.warm_up)
    for _ in range(effort.runs):
        for server, result in zip(servers, results, strict=True):
            result.samples.append(await figure.sample(server, connections, effort.seconds))
    return results
