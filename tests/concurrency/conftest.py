"""Live server with a clock that can tick with each reading."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from models.clock import Instant
from tests.api_client import ApiClient, FakeClock, open_api
from tests.live_server import serve_app


class TickingClock(FakeClock):
    """Stands still, or advances by 1 ms with each reading, so that concurrent calls have an order."""

    ticks = False

    def now(self) -> Instant:
        self.value += self.ticks
        return self.value


@dataclass(frozen=True)
class LiveServer:
    api: ApiClient
    clock: TickingClock
    port: int


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[LiveServer]:
    clock = TickingClock()
    async with open_api(tmp_path / "test.db", clock) as api, serve_app(api.app) as port:
        yield LiveServer(api, clock, port)
