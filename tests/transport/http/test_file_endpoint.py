"""Serving files: as fast as the client takes them, and no longer than it is there."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

import pytest
from starlette.requests import HTTPConnection

from transport import FileEndpoint, TransportSettings
from transport.http.stream_response import ABORT
from transport.settings import Limits

CHUNKS = 10


class Unavailable(Exception):
    """As a storage raises it."""

    extensions = {"code": "SERVICE_UNAVAILABLE"}  # noqa: RUF012 - as an exception of resolvers has it


@dataclass
class Pieces:
    """A file of ten chunks, which notes what is asked of it."""

    size: int = CHUNKS * 100
    tag: str = "abc"
    filename: str = "a.bin"
    content_type: str = "application/octet-stream"
    read: int = 0
    closed: bool = False
    fails_at: int = -1
    failure: Exception = field(default_factory=Unavailable)

    async def chunks(self, start: int, stop: int) -> AsyncGenerator[bytes]:
        """What is in it."""
        try:
            for _ in range(start, stop, 100):
                if self.read == self.fails_at:
                    raise self.failure
                self.read += 1
                yield bytes(100)
        finally:
            self.closed = True


class Client:
    """A request by hand."""

    def __init__(self, file: Pieces, settings: TransportSettings | None = None) -> None:
        self.file = file
        self.endpoint = FileEndpoint(self._find, settings or TransportSettings())
        self.sent: list[Any] = []
        self.aborted = False
        self.takes = asyncio.Semaphore(0)
        """How many messages the client takes."""
        self.leaves = asyncio.Event()

    async def _find(self, _: HTTPConnection) -> Pieces:
        return self.file

    def _abort(self) -> None:
        self.aborted = True

    async def _send(self, message: Any) -> None:
        await self.takes.acquire()
        self.sent.append(message)

    async def _receive(self) -> Any:
        await self.leaves.wait()
        return {"type": "http.disconnect"}

    def begin(self) -> asyncio.Task[None]:
        """Have it answered."""
        extensions = {ABORT: {"abort": self._abort}}
        scope = {
            "type": "http",
            "method": "GET",
            "path": "/",
            "query_string": b"",
            "headers": [],
            "extensions": extensions,
        }
        return asyncio.create_task(self.endpoint(scope, self._receive, self._send))

    async def has(self, messages: int) -> None:
        """Wait until it has taken so many."""
        for _ in range(1_000):
            if len(self.sent) == messages:
                return
            await asyncio.sleep(0)
        raise AssertionError(self.sent)


async def test_a_chunk_is_read_when_the_one_before_was_taken() -> None:
    client = Client(Pieces())
    answering = client.begin()
    for messages in range(1, 5):
        client.takes.release()
        await client.has(messages)
        for _ in range(20):
            await asyncio.sleep(0)
        assert client.file.read == messages
    for _ in range(CHUNKS):
        client.takes.release()
    await answering
    assert (client.file.read, client.file.closed, client.aborted) == (CHUNKS, True, False)
    assert sum(len(message.get("body", b"")) for message in client.sent) == client.file.size


async def test_nothing_more_is_read_for_a_client_that_left() -> None:
    client = Client(Pieces())
    answering = client.begin()
    client.takes.release()
    await client.has(1)
    client.leaves.set()
    await answering
    assert (client.file.read, client.file.closed, len(client.sent)) == (1, True, 1)


async def test_a_client_that_takes_nothing_is_cut_off() -> None:
    client = Client(Pieces(), TransportSettings(limits=Limits(stream_stall_seconds=0.01)))
    answering = client.begin()
    client.takes.release()
    await answering
    assert (client.aborted, client.file.closed, len(client.sent)) == (True, True, 1)


@pytest.mark.parametrize(("failure", "status"), [(Unavailable(), 503), (ValueError("secret"), 500)])
async def test_a_fault_before_the_first_chunk_has_a_status(failure: Exception, status: int) -> None:
    client = Client(Pieces(fails_at=0, failure=failure))
    for _ in range(5):
        client.takes.release()
    await client.begin()
    assert client.sent[0]["status"] == status
    assert b"secret" not in client.sent[1]["body"]


async def test_a_fault_half_way_breaks_the_answer_off() -> None:
    client = Client(Pieces(fails_at=3))
    for _ in range(20):
        client.takes.release()
    await client.begin()
    assert (client.aborted, client.file.closed) == (True, True)
    assert client.sent[-1]["more_body"] is True
