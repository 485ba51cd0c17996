"""One operation over each transport, and the errors of its response in one form."""

import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple, TypeAlias
from urllib.parse import urlencode

import httpx2
import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.bad_inputs.multipart_cases import PREFLIGHT_HEADER, form

GRAPHQL_RESPONSE: Final = "application/graphql-response+json"
EVENTS: Final = "text/event-stream"
PARTS: Final = 'multipart/mixed;subscriptionSpec="1.0", application/json'


class Operation(NamedTuple):
    query: str
    variables: Mapping[str, Any]

    @property
    def members(self) -> dict[str, Any]:
        return {"query": self.query, "variables": self.variables}


class Refusal(NamedTuple):
    """What a transport has answered."""

    status: int | None
    """None for a WebSocket, which the operation leaves open."""
    errors: list[dict[str, Any]]
    has_data: bool


class Clients(NamedTuple):
    http: httpx2.AsyncClient
    socket: ClientConnection


Transport: TypeAlias = Callable[[Clients, Operation], Awaitable[Refusal]]


@asynccontextmanager
async def open_clients(http: httpx2.AsyncClient, port: int) -> AsyncIterator[Clients]:
    url, protocols = f"ws://127.0.0.1:{port}/graphql", [Subprotocol("graphql-transport-ws")]
    async with connect(url, subprotocols=protocols, max_size=None, compression=None) as socket:
        await socket.send('{"type": "connection_init"}')
        assert await socket.recv() == '{"type":"connection_ack"}'
        yield Clients(http, socket)


def read(response: httpx2.Response) -> Refusal:
    """Read a response that is JSON, an event stream or a multipart stream with one result."""
    match response.headers["content-type"].partition(";")[0]:
        case "text/event-stream":
            (body,) = map(orjson.loads, re.findall(r"^data: (.+)$", response.text, re.MULTILINE))
        case "multipart/mixed":
            (body,) = (orjson.loads(text)["payload"] for text in re.findall(r"^{.+$", response.text, re.MULTILINE))
        case _:
            body = response.json()
    return Refusal(response.status_code, body.get("errors", []), bool(body.get("data")))


def post(accept: str) -> Transport:
    async def send(clients: Clients, operation: Operation) -> Refusal:
        return read(await clients.http.post("/graphql", json=operation.members, headers={"accept": accept}))

    return send


def url_parameters(operation: Operation) -> dict[str, str]:
    return {"query": operation.query, "variables": orjson.dumps(operation.variables).decode()}


def allows_get(operation: Operation) -> bool:
    """Return whether GET can carry an operation: not a mutation, and not longer than a request line may be."""
    return not operation.query.startswith("mutation") and len(urlencode(url_parameters(operation))) < 60_000


async def get(clients: Clients, operation: Operation) -> Refusal:
    parameters = url_parameters(operation)
    return read(await clients.http.get("/graphql", params=parameters, headers={"accept": GRAPHQL_RESPONSE}))


async def upload(clients: Clients, operation: Operation) -> Refusal:
    """Send a multipart form without files."""
    name, _, value = PREFLIGHT_HEADER.strip().partition(": ")
    sent = {name: value, "accept": GRAPHQL_RESPONSE, "content-type": "multipart/form-data; boundary=boundary"}
    content = form(orjson.dumps(operation.members), b"{}")
    return read(await clients.http.post("/graphql", content=content, headers=sent))


async def persisted(clients: Clients, operation: Operation) -> Refusal:
    """Send the document with its hash, then the hash alone, if the server has remembered it."""
    digest = hashlib.sha256(operation.query.encode()).hexdigest()
    by_hash = {"variables": operation.variables, "extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest}}}
    sent = {"accept": GRAPHQL_RESPONSE}
    first = await clients.http.post("/graphql", json={**by_hash, "query": operation.query}, headers=sent)
    second = read(await clients.http.post("/graphql", json=by_hash, headers=sent))
    codes = {error["extensions"]["code"] for error in second.errors}
    return read(first) if codes == {"PERSISTED_QUERY_NOT_FOUND"} else second


async def websocket(clients: Clients, operation: Operation) -> Refusal:
    subscribe = {"id": "1", "type": "subscribe", "payload": operation.members}
    await clients.socket.send(orjson.dumps(subscribe).decode())
    message = orjson.loads(await clients.socket.recv())
    if message["type"] == "error":
        return Refusal(None, message["payload"], has_data=False)
    while orjson.loads(await clients.socket.recv())["type"] != "complete":
        pass
    return Refusal(None, message["payload"].get("errors", []), bool(message["payload"].get("data")))


TRANSPORTS: Final[Mapping[str, Transport]] = {
    "JSON": post("application/json"),
    "GraphQL response": post(GRAPHQL_RESPONSE),
    "GET": get,
    "event stream": post(EVENTS),
    "multipart stream": post(PARTS),
    "upload form": upload,
    "persisted": persisted,
    "WebSocket": websocket,
}
