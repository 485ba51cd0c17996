"""Servers with rate limits and stream limits behind a proxy, with a clock of their own; and clients of them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx2
import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.access.tokens import create_token
from tests.api_client import ApiClient, open_api
from tests.live_server import serve_app

VIEWER: Final = "{ viewer { name } }"
TYPENAME: Final = "{ __typename }"
SUBSCRIPTION: Final = "subscription { activeSessions { __typename } }"
START: Final = """mutation($name: String!) {
    startSession(input: {variant: {user: {username: $name}}}) { created problems { code } } }"""
EVENTS: Final = "text/event-stream"
PARTS: Final = 'multipart/mixed;subscriptionSpec="1.0"'


@dataclass
class MonotonicClock:
    value: float = 1_000.0

    def __call__(self) -> float:
        return self.value


class LimitedServer:
    def __init__(self, api: ApiClient, port: int) -> None:
        self.api = api
        self.port = port
        self.clock = MonotonicClock()
        self.limits = api.app.state.streams.execution.rate_limits
        self.limits.addresses.time = self.limits.tokens.time = self.clock
        for document in (VIEWER, TYPENAME, SUBSCRIPTION, START):  # only a new document costs its length
            api.app.state.streams.execution.documents.get(document)

    async def token(self, *scopes: str, **values: Any) -> str:
        """Create a token. Returns its header Authorization."""
        created = await create_token(self.api, name="any", scopes=list(scopes), **values)
        return f"Bearer {created['secret']}"

    async def post(
        self, document: str, authorization: str | None = None, address: str | None = None, **variables: Any
    ) -> httpx2.Response:
        sent = headers(authorization, address) | {"accept": "application/graphql-response+json"}
        return await self.api.http.post("/graphql", json={"query": document, "variables": variables}, headers=sent)

    @asynccontextmanager
    async def stream(
        self, accept: str = EVENTS, authorization: str | None = None, address: str | None = None
    ) -> AsyncIterator[httpx2.Response]:
        """Subscribe over HTTP, and wait for the head of the response."""
        async with httpx2.AsyncClient() as http:
            sent = headers(authorization, address) | {"accept": f"{accept}, application/graphql-response+json;q=0.1"}
            url = f"http://127.0.0.1:{self.port}/graphql"
            async with http.stream("POST", url, json={"query": SUBSCRIPTION}, headers=sent) as response:
                yield response

    @asynccontextmanager
    async def socket(self, address: str | None = None) -> AsyncIterator[ClientConnection]:
        async with connect(
            f"ws://127.0.0.1:{self.port}/graphql",
            subprotocols=[Subprotocol("graphql-transport-ws")],
            additional_headers=headers(None, address),
        ) as connection:
            yield connection

    @asynccontextmanager
    async def ready_socket(
        self, authorization: str | None = None, address: str | None = None
    ) -> AsyncIterator[ClientConnection]:
        async with self.socket(address) as connection:
            await send(connection, init(authorization))
            assert await receive(connection) == {"type": "connection_ack"}
            yield connection


def headers(authorization: str | None, address: str | None) -> dict[str, str]:
    values = {"authorization": authorization, "x-forwarded-for": address}
    return {name: value for name, value in values.items() if value is not None}


def init(authorization: str | None) -> Mapping[str, Any]:
    return {"type": "connection_init", "payload": {} if authorization is None else {"authorization": authorization}}


async def send(connection: ClientConnection, message: Mapping[str, Any]) -> None:
    await connection.send(orjson.dumps(message).decode())


async def receive(connection: ClientConnection) -> Any:
    return orjson.loads(await connection.recv())


@asynccontextmanager
async def limited_server(folder: Path, **settings: Any) -> AsyncIterator[LimitedServer]:
    """Serve behind a trusted proxy: tests choose the address of a client by X-Forwarded-For."""
    options: dict[str, Any] = {"trusted_proxies": "127.0.0.1", "rate_seconds": 1.0, "insecure": True} | settings
    async with open_api(folder / "test.db", **options) as api, serve_app(api.app) as port:
        yield LimitedServer(api, port)
