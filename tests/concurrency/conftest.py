"""A server on a real socket, and a clock of which every look at it takes a millisecond if it is told so."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from models.clock import Instant
from tests.api_client import FakeClock, World, open_world
from tests.in_process_server import listening


class Clock(FakeClock):
    """It stands still, unless it `ticks`: then calls that are sent together come one after the other."""

    ticks = False

    def now(self) -> Instant:
        self.value += self.ticks
        return self.value


@dataclass(frozen=True)
class Site:
    """A server that listens."""

    world: World
    clock: Clock
    port: int


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """A server with an empty database."""
    clock = Clock()
    async with open_world(tmp_path / "test.db", clock) as world, listening(world.app) as port:
        yield Site(world, clock, port)
