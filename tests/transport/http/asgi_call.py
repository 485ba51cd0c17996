"""A call on the bare ASGI interface, with messages that the test delivers one by one."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.types import ASGIApp

from tests.polling import TIMEOUT_SECONDS

Message = dict[str, Any]


def body_message(query: str) -> Message:
    return {"type": "http.request", "body": orjson.dumps({"query": query}), "more_body": False}


def chunk_message(chunk: bytes) -> Message:
    return {"type": "http.request", "body": chunk, "more_body": True}


class AsgiCall:
    def __init__(self, app: ASGIApp, *messages: Message, content_type: bytes = b"application/json") -> None:
        self._app = app
        headers = [
            (b"host", b"localhost"),
            (b"content-type", content_type),
            (b"accept", b"application/json"),
            (b"graphql-require-preflight", b"1"),
        ]
        self._scope = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": headers}
        self._incoming: asyncio.Queue[Message] = asyncio.Queue()
        self.sent: list[Message] = []
        self.deliver(*messages)

    def deliver(self, *messages: Message) -> None:
        for message in messages:
            self._incoming.put_nowait(message)

    async def all_received(self) -> None:
        """Wait until the application has received all messages."""
        await self._incoming.join()

    async def run(self) -> None:
        async def send(message: Any) -> None:
            self.sent.append(message)

        async def receive() -> Message:
            message = await self._incoming.get()
            self._incoming.task_done()
            return message

        await self._app(self._scope, receive, send)

    def response(self) -> tuple[int, Any]:
        return self.sent[0]["status"], orjson.loads(self.sent[1]["body"])


async def run_alongside(call: AsgiCall, *steps: Callable[[], Awaitable[Any]]) -> None:
    """Run a call alongside steps of the test; fails if the call does not end."""

    async def take_steps() -> None:
        for step in steps:
            await step()

    async with asyncio.timeout(TIMEOUT_SECONDS):
        await asyncio.gather(call.run(), take_steps())
