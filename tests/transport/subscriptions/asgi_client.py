"""ASGI client of the endpoint, which reads the response chunk by chunk."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Self
from urllib.parse import urlencode

import orjson

from tests.polling import TIMEOUT_SECONDS
from tests.transport.subscriptions.fake_source import Caller, FakeLog
from tests.transport.subscriptions.stream_server import build_fake_schema
from transport import Access, Client, GraphQLEndpoint, TransportSettings


def fake_endpoint(log: FakeLog, settings: TransportSettings | None = None) -> GraphQLEndpoint:
    @asynccontextmanager
    async def make_context(_client: Client) -> AsyncIterator[Caller]:
        if log.caller_error is not None:
            raise log.caller_error
        try:
            yield Caller()
        finally:
            log.contexts_exited += 1

    return GraphQLEndpoint(build_fake_schema(log), Access(make_context), settings)


class AsgiRequest:
    def __init__(
        self, app: GraphQLEndpoint, accept: str, query: str, *, method: str = "POST", **more: Mapping[str, Any]
    ) -> None:
        members = {"query": query, **more.get("members", {})}
        headers = {"host": "localhost", "accept": accept, "content-type": "application/json", **more.get("headers", {})}
        reads = method == "GET"
        self._app = app
        self._scope = {
            "type": "http",
            "method": method,
            "path": "/graphql",
            "query_string": urlencode(query_parameters(members)).encode() if reads else b"",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
        self._received: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._received.put_nowait({"type": "http.request", "body": b"" if reads else orjson.dumps(members)})
        self._sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        self.task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self.disconnect()
        await asyncio.wait_for(self.task, TIMEOUT_SECONDS)

    def disconnect(self) -> None:
        self._received.put_nowait({"type": "http.disconnect"})

    async def response_start(self) -> tuple[int, dict[str, str]]:
        message = await asyncio.wait_for(self._sent.get(), TIMEOUT_SECONDS)
        return message["status"], {name.decode(): value.decode() for name, value in message["headers"]}

    async def next_chunk(self) -> bytes:
        message = await asyncio.wait_for(self._sent.get(), TIMEOUT_SECONDS)
        body: bytes = message["body"]
        return body

    async def remaining_body(self) -> bytes:
        body: bytes = b""
        while True:
            message = await asyncio.wait_for(self._sent.get(), TIMEOUT_SECONDS)
            body += message["body"]
            if not message.get("more_body"):
                return body

    async def _run(self) -> None:
        await self._app(self._scope, self._received.get, self._send)

    async def _send(self, message: Any) -> None:
        self._sent.put_nowait(message)


def query_parameters(members: Mapping[str, Any]) -> dict[str, str]:
    return {name: value if isinstance(value, str) else orjson.dumps(value).decode() for name, value in members.items()}
