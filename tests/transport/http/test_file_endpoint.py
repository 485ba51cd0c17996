"""Files over HTTP: backpressure, disconnects and failures."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

import pytest
from starlette.requests import HTTPConnection
from starlette.types import Scope

from tests.polling import wait_until
from transport import FileEndpoint, TransportSettings
from transport.asgi_extensions import CONNECTION_ABORT
from transport.settings import Limits

CHUNKS = 10


class StorageDown(Exception):
    extensions = {"code": "SERVICE_UNAVAILABLE"}  # noqa: RUF012 - as an exception of resolvers has it


@dataclass
class ChunkedFile:
    """A file of ten chunks that records what is read."""

    size: int = CHUNKS * 100
    tag: str = "abc"
    filename: str = "a.bin"
    content_type: str = "application/octet-stream"
    chunks_read: int = 0
    closed: bool = False
    fails_at: int = -1
    failure: Exception = field(default_factory=StorageDown)

    async def chunks(self, start: int, stop: int) -> AsyncGenerator[bytes]:
        try:
            for _ in range(start, stop, 100):
                if self.chunks_read == self.fails_at:
                    raise self.failure
                self.chunks_read += 1
                yield bytes(100)
        finally:
            self.closed = True


class FileRequest:
    """A request on the bare ASGI interface."""

    def __init__(self, file: ChunkedFile, settings: TransportSettings | None = None) -> None:
        self.file = file
        self.endpoint = FileEndpoint(self._find, settings or TransportSettings())
        self.sent: list[Any] = []
        self.aborted = False
        self.may_send = asyncio.Semaphore(0)
        """Messages that the client still reads."""
        self.disconnects = asyncio.Event()

    async def _find(self, _: HTTPConnection) -> ChunkedFile:
        return self.file

    def _abort(self) -> None:
        self.aborted = True

    async def _send(self, message: Any) -> None:
        await self.may_send.acquire()
        self.sent.append(message)

    async def _receive(self) -> Any:
        await self.disconnects.wait()
        return {"type": "http.disconnect"}

    def start(self) -> asyncio.Task[None]:
        scope: Scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}
        scope["extensions"] = {CONNECTION_ABORT: {"abort": self._abort}}
        return asyncio.create_task(self.endpoint(scope, self._receive, self._send))


async def test_next_chunk_is_read_after_previous_is_sent() -> None:
    client = FileRequest(ChunkedFile())
    answering = client.start()
    for messages in range(1, 5):
        client.may_send.release()
        await wait_until(lambda: len(client.sent) == messages)  # noqa: B023 - awaited at once
        for _ in range(20):
            await asyncio.sleep(0)
        assert client.file.chunks_read == messages
    for _ in range(CHUNKS):
        client.may_send.release()
    await answering
    assert (client.file.chunks_read, client.file.closed, client.aborted) == (CHUNKS, True, False)
    assert sum(len(message.get("body", b"")) for message in client.sent) == client.file.size


async def test_disconnect_stops_reading() -> None:
    client = FileRequest(ChunkedFile())
    answering = client.start()
    client.may_send.release()
    await wait_until(lambda: len(client.sent) == 1)
    client.disconnects.set()
    await answering
    assert (client.file.chunks_read, client.file.closed, len(client.sent)) == (1, True, 1)


async def test_stalled_client_is_disconnected() -> None:
    client = FileRequest(ChunkedFile(), TransportSettings(limits=Limits(stream_stall_seconds=0.01)))
    answering = client.start()
    client.may_send.release()
    await answering
    assert (client.aborted, client.file.closed, len(client.sent)) == (True, True, 1)


@pytest.mark.parametrize(("failure", "status"), [(StorageDown(), 503), (ValueError("secret"), 500)])
async def test_failure_before_first_chunk_has_status(failure: Exception, status: int) -> None:
    client = FileRequest(ChunkedFile(fails_at=0, failure=failure))
    for _ in range(5):
        client.may_send.release()
    await client.start()
    assert client.sent[0]["status"] == status
    assert b"secret" not in client.sent[1]["body"]


async def test_failure_after_first_chunk_aborts_connection() -> None:
    client = FileRequest(ChunkedFile(fails_at=3))
    for _ in range(20):
        client.may_send.release()
    await client.start()
    assert (client.aborted, client.file.closed) == (True, True)
    assert client.sent[-1]["more_body"] is True
