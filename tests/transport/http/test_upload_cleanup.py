"""What becomes of files whose request does not come to its end."""

import asyncio
import threading
from contextlib import ExitStack
from typing import Any

import pytest

from tests.transport.http.multipart_client import BOUNDARY, GOOD, ONE, Receiver, form, open_files, part
from transport.http.uploads.temp_file import Incoming

HEADERS = [
    (b"host", b"localhost"),
    (b"content-type", b"multipart/form-data; boundary=" + BOUNDARY.encode()),
    (b"graphql-require-preflight", b"1"),
]
BEGUN = form(GOOD, ONE, part("0", b"x" * 600_000, filename="a"))[:-100]


class Wire:
    """A request by hand: what arrives, and what is answered."""

    def __init__(self, *pieces: bytes, gone: bool) -> None:
        self._waiting = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
        self._gone = gone
        self.waits = asyncio.Event()
        self.sent: list[Any] = []

    async def receive(self) -> Any:
        """The next piece; then the client is gone, or silent for ever."""
        if self._waiting:
            return self._waiting.pop(0)
        if self._gone:
            return {"type": "http.disconnect"}
        self.waits.set()
        return await asyncio.get_running_loop().create_future()

    async def send(self, message: Any) -> None:
        """An answer."""
        self.sent.append(message)

    async def run(self, receiver: Receiver) -> None:
        """Have it answered."""
        scope = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": HEADERS}
        await receiver.app()(scope, self.receive, self.send)


async def test_a_client_that_leaves_half_way_leaves_no_file(receiver: Receiver) -> None:
    before = open_files()
    wire = Wire(BEGUN, gone=True)
    await wire.run(receiver)
    assert (wire.sent, receiver.calls, open_files()) == ([], 0, before)


async def test_a_request_that_is_cancelled_leaves_no_file(receiver: Receiver) -> None:
    before = open_files()
    wire = Wire(BEGUN, gone=False)
    task = asyncio.create_task(wire.run(receiver))
    await wire.waits.wait()
    assert open_files() == before + 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert open_files() == before


async def test_a_file_is_not_closed_while_it_is_being_written(monkeypatch: pytest.MonkeyPatch) -> None:
    started, released = threading.Event(), threading.Event()
    write = Incoming._write

    def slowly(self: Incoming) -> Any:
        started.set()
        assert released.wait(20)
        return write(self)

    monkeypatch.setattr(Incoming, "_write", slowly)
    with ExitStack() as keep:
        incoming = Incoming("a", "text/plain", 1_000, keep)
        incoming.add(b"content")
        task = asyncio.create_task(incoming.write())
        await asyncio.to_thread(started.wait, 20)
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0)
        assert not task.done()
        released.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not incoming.waits


async def test_the_parser_says_nothing_of_its_own(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    wire = Wire(b"--nonsense\r\n", gone=True)
    await wire.run(receiver)
    assert wire.sent[0]["status"] == 400
    assert caplog.records == []
