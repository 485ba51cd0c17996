"""Time limits of bodies: total, idle, and slowest rate."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

import pytest

from tests.transport.fake_app import FakeApp, with_limits
from tests.transport.http.asgi_call import AsgiCall, chunk_message, run_alongside
from transport import Limits
from transport.clients import Client
from transport.deadlines import Deadlines
from transport.errors import RequestError
from transport.http.request_body import BodyReader

T = TypeVar("T")

LIMITS = Limits(body_idle_seconds=15, body_seconds=30, body_bytes_per_second=1000)

FIRST = b'--b\r\nContent-Disposition: form-data; name="operations"\r\n\r\n{'


class RecordingDeadlines(Deadlines):
    """Records the deadline of each chunk."""

    def __init__(self) -> None:
        super().__init__()
        self.recorded: list[float] = []

    async def run(self, work: Awaitable[T], seconds: float, client: Client | None = None) -> T:
        self.recorded.append(seconds)
        return await super().run(work, seconds, client)


async def chunk_seconds(times: list[float], sizes: list[int]) -> list[float]:
    """Return the time for each chunk, of a body that begins at 0 and has chunks of these sizes at these times."""
    deadlines = RecordingDeadlines()
    chunk_sizes = iter(sizes)

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"x" * next(chunk_sizes), "more_body": True}

    reader = BodyReader(receive, LIMITS, deadlines)
    now = iter([0.0, *times])
    reader._time = lambda: next(now)
    reader._deadline = LIMITS.body_seconds
    for _ in sizes:
        await reader.read_chunk()
    return deadlines.recorded


@pytest.mark.parametrize(
    ("times", "sizes", "expected"),
    [
        # It may pause for 15 s …
        ([5.0, 14.0], [0, 0, 0], [15.0, 15.0, 15.0]),
        # … but has 30 s in all …
        ([14.0, 28.0], [1, 1, 1], [15.0, 15.0, 2.002]),
        # … and a second more for each 1,000 bytes that have come.
        ([14.0, 28.0, 42.0], [5_000, 10_000, 0, 0], [15.0, 15.0, 15.0, 3.0]),
    ],
)
async def test_time_for_body_grows_with_its_length(times: list[float], sizes: list[int], expected: list[float]) -> None:
    assert await chunk_seconds(times, sizes) == pytest.approx(expected)


@pytest.mark.parametrize("kind", [b"application/json", b"multipart/form-data; boundary=b"])
async def test_endless_slow_body_is_408(fake_app: FakeApp, kind: bytes) -> None:
    call = AsgiCall(fake_app.endpoint(with_limits(body_seconds=0.02, body_bytes_per_second=1e9)), content_type=kind)

    async def drip() -> None:
        call.deliver(chunk_message(FIRST))
        while not call.sent:
            call.deliver(chunk_message(b" "))
            await asyncio.sleep(0)

    await run_alongside(call, drip)
    assert call.response()[0] == 408
    assert (b"connection", b"close") in call.sent[0]["headers"]
    assert fake_app.contexts_opened == 0


async def test_stopping_server_does_not_wait_for_body() -> None:
    deadlines = Deadlines()
    deadlines.expire_all()
    arriving = BodyReader(asyncio.Queue[dict[str, object]]().get, LIMITS, deadlines)
    with pytest.raises(RequestError) as refused:
        await arriving.read_chunk()
    assert (refused.value.status, refused.value.errors[0]["extensions"]["code"]) == (503, "SERVICE_UNAVAILABLE")
