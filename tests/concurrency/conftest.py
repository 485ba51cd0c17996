"""A server on a real socket, and a clock of which every look at it takes a millisecond if it is told so."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from models.clock import Instant
from tests.api_client import ApiClient, FakeClock, open_api
from tests.live_server import serve_app


class TickingClock(FakeClock):
    """It stands still, unless it `ticks`: then calls that are sent together come one after the other."""

    ticks = False

    def now(self) -> Instant:
        self.value += self.ticks
        return self.value


@dataclass(frozen=True)
class LiveServer:
    """A server that listens."""

    api: ApiClient
    clock: TickingClock
    port: int


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[LiveServer]:
    """A server with an empty database."""
    clock = TickingClock()
    async with open_api(tmp_path / "test.db", clock) as api, serve_app(api.app) as port:
        yield LiveServer(api, clock, port)
