"""Senders that stop half-way. The server's patience is cut short, so nobody waits for it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from tests.api_client import open_world
from tests.bad_inputs.body_cases import GOOD
from tests.bad_inputs.case import request
from tests.in_process_server import listening, sent
from tests.polling import PATIENCE
from transport import Limits
from transport.server.http_protocol import HttpProtocol

WHOLE: Final = request(GOOD)
HASTE: Final = 0.3
"""Seconds."""


@pytest.fixture
async def hasty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    """Where a server listens that waits for nobody."""
    monkeypatch.setattr(HttpProtocol, "header_seconds", HASTE)
    limits = Limits(body_idle_seconds=HASTE)
    async with open_world(tmp_path / "test.db", limits=limits) as world, listening(world.app) as port:
        yield port


@pytest.mark.parametrize(
    ("what", "status"),
    [(b"", 0), (b"POST", 0), (WHOLE[: WHOLE.index(b"Content-Type")], 0), (WHOLE[:-5], 408)],
    ids=["nothing", "half a line", "half a header", "half a body"],
)
async def test_a_sender_that_stops_half_way_is_cut_off(
    hasty: int, monkeypatch: pytest.MonkeyPatch, what: bytes, status: int
) -> None:
    answer = await sent(hasty, what)
    assert answer.status == status
    monkeypatch.setattr(HttpProtocol, "header_seconds", PATIENCE)  # the next one may be slow to begin
    assert (await sent(hasty, WHOLE)).status == 200
