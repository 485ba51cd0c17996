"""Senders that stop in the middle of a request."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from tests.api_client import open_api
from tests.bad_inputs.body_cases import VALID_BODY
from tests.bad_inputs.case import http
from tests.live_server import send_raw, serve_app
from tests.polling import TIMEOUT_SECONDS
from transport import Limits
from transport.server.http_protocol import HttpProtocol

VALID_REQUEST: Final = http(VALID_BODY)
SHORT_TIMEOUT: Final = 0.3
"""Seconds."""


@pytest.fixture
async def hasty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    monkeypatch.setattr(HttpProtocol, "header_timeout_seconds", SHORT_TIMEOUT)
    limits = Limits(body_idle_seconds=SHORT_TIMEOUT)
    async with open_api(tmp_path / "test.db", limits=limits) as api, serve_app(api.app) as port:
        yield port


@pytest.mark.parametrize(
    ("what", "status"),
    [(b"", 0), (b"POST", 0), (VALID_REQUEST[: VALID_REQUEST.index(b"Content-Type")], 0), (VALID_REQUEST[:-5], 408)],
    ids=["nothing", "half a line", "half a header", "half a body"],
)
async def test_stalled_sender_is_disconnected(
    hasty: int, monkeypatch: pytest.MonkeyPatch, what: bytes, status: int
) -> None:
    answer = await send_raw(hasty, what)
    assert answer.status == status
    monkeypatch.setattr(HttpProtocol, "header_timeout_seconds", TIMEOUT_SECONDS)  # the next request may start slowly
    assert (await send_raw(hasty, VALID_REQUEST)).status == 200
