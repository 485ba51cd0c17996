"""How many functions a short operation calls, libraries included: what the transport costs apart from the work."""

import asyncio
import io
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any, Final

import orjson
import pytest

from tests.api_client import ApiClient
from transport import configure_log
from transport.request_log import reset_log

BODY: Final = orjson.dumps({"query": "{ __typename }"})
HEADERS: Final = (
    (b"host", b"localhost"),
    (b"content-type", b"application/json"),
    (b"accept", b"application/json"),
    (b"content-length", str(len(BODY)).encode()),
)


async def answer(api: ApiClient, headers: tuple[tuple[bytes, bytes], ...] = HEADERS) -> list[dict[str, Any]]:
    """POST on the bare ASGI interface."""
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/graphql",
        "query_string": b"",
        "headers": headers,
        "client": ("127.0.0.1", 50_000),
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": BODY}

    async def send(message: Any) -> None:
        sent.append(message)

    await api.app(scope, receive, send)
    return sent


async def count_calls(work: Callable[[], Awaitable[Any]]) -> Counter[str]:
    """Return the calls of Python functions by file."""
    calls: Counter[str] = Counter()

    def profile(frame: FrameType, event: str, _argument: Any) -> None:
        if event == "call":
            calls[f"{Path(frame.f_code.co_filename).name} {frame.f_code.co_name}"] += 1

    await work()
    sys.setprofile(profile)
    try:
        await work()
    finally:
        sys.setprofile(None)
    return calls


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """The log as a server writes it."""
    monkeypatch.setattr(sys, "stderr", output := io.StringIO())
    configure_log("info", "json")
    yield output
    reset_log()


async def test_short_operation_calls_few_functions(api: ApiClient, log: io.StringIO) -> None:
    calls = await count_calls(lambda: answer(api))
    await asyncio.sleep(0)
    assert log.getvalue().count('"event": "operation"') == 2
    assert 50 < calls.total() <= 150, calls.most_common()
