"""A small schema, an application around it, and an HTTP client."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import orjson
from graphql import GraphQLObjectType, GraphQLSchema, build_schema
from starlette.routing import Route

from transport import Access, Application, Client, GraphQLEndpoint, Limits, Page, TransportSettings

SDL = """
scalar JSON
type Query {
  hello(name: String): String!
  echo(int: Int, text: String, json: JSON, box: Box): String
  item: Item
  items(first: Int, last: Int): Items!
  nodes(ids: [ID!]!): [Item]!
  expected: String
  surprise: String
  surpriseNonNull: String!
  bareError: String
  unencodable: JSON
  manySurprises: [Item!]
  slow: String
}
type Mutation { write(text: String): String! writeMany(texts: [String!]!): [Item!]! }
type Subscription { ticks: Int! }
type Items { nodes: [Item!]! edges: [Edge!]! totalCount: Int! }
type Edge { node: Item! }
type Item {
  id: ID! item: Item items(first: Int): Items! list: [Item!]! grid: [[Item]]! surprise: String tags: [String!]!
}
input Box { size: Int! }
"""


class ExpectedError(Exception):
    """An error with a code."""

    def __init__(self, message: str, **extensions: Any) -> None:
        super().__init__(message)
        self.extensions = extensions


@dataclass
class Context:
    number: int


@dataclass
class FakeApp:
    """Records what requests do, and controls how they end."""

    contexts_opened: int = 0
    contexts_closed: int = 0
    context_error: Exception | None = None
    written: list[str | None] = field(default_factory=list)
    resolvers_called: int = 0
    slow_started: asyncio.Event = field(default_factory=asyncio.Event)
    slow_cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    slow_may_finish: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def make_context(self, _client: Client) -> AsyncIterator[Context]:
        self.contexts_opened += 1
        if self.context_error is not None:
            raise self.context_error
        try:
            yield Context(self.contexts_opened)
        finally:
            self.contexts_closed += 1

    def endpoint(
        self, settings: TransportSettings | None = None, *, page: Page | None = None, **options: Any
    ) -> GraphQLEndpoint:
        return GraphQLEndpoint(build_fake_schema(self), Access(self.make_context), settings, page=page, **options)


LEAKED = "hunter2"


def hello(_app: FakeApp, name: str = "you") -> str:
    return f"Hello, {name}"


def echo(_app: FakeApp, **arguments: Any) -> str:
    """Return the arguments as JSON."""
    return orjson.dumps(arguments).decode()


def write(app: FakeApp, text: str | None = None) -> str:
    app.written.append(text)
    return "written"


def expected(_app: FakeApp) -> None:
    raise ExpectedError("You may know this", code="CONFLICT", more=1)


def surprise(_app: FakeApp) -> None:
    raise RuntimeError(f"the password is {LEAKED}")


async def slow(app: FakeApp) -> str:
    """Wait until the test sets `slow_may_finish`."""
    app.slow_started.set()
    try:
        await app.slow_may_finish.wait()
    except asyncio.CancelledError:
        app.slow_cancelled.set()
        raise
    return "at last"


async def nodes(_app: FakeApp, ids: list[str]) -> list[dict[str, str]]:
    return [{"id": id_} for id_ in ids]


RESOLVERS: dict[str, Callable[..., Any]] = {
    "Query.hello": hello,
    "Query.echo": echo,
    "Query.expected": expected,
    "Query.surprise": surprise,
    "Query.surpriseNonNull": surprise,
    "Query.bareError": lambda _app: {"secret": LEAKED},  # not a String
    "Query.unencodable": lambda _app: {"secret": object()},  # not JSON
    "Query.manySurprises": lambda _app: [{"id": str(number)} for number in range(50)],
    "Query.slow": slow,
    "Query.nodes": nodes,
    "Mutation.write": write,
    "Item.surprise": surprise,
}


def build_fake_schema(app: FakeApp) -> GraphQLSchema:
    """Build the schema with resolvers that are counted."""
    built = build_schema(SDL)
    for coordinate, function in RESOLVERS.items():
        type_name, _, name = coordinate.partition(".")
        type_ = built.type_map[type_name]
        assert isinstance(type_, GraphQLObjectType)
        type_.fields[name].resolve = count_calls(app, function)
    return built


def count_calls(app: FakeApp, function: Callable[..., Any]) -> Callable[..., Any]:

    def resolve(_source: Any, _info: Any, **arguments: Any) -> Any:
        app.resolvers_called += 1
        return function(app, **arguments)

    return resolve


@asynccontextmanager
async def open_client(
    fake_app: FakeApp, settings: TransportSettings | None = None, **options: Any
) -> AsyncIterator["GraphQLClient"]:
    """Open a client of an application with the endpoint at /graphql."""
    settings = settings or TransportSettings()
    routes = [Route("/graphql", fake_app.endpoint(settings, **options))]
    app = Application(settings, routes)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://localhost") as http:
        yield GraphQLClient(http)


def with_limits(**limits: Any) -> TransportSettings:
    return TransportSettings(limits=Limits(**limits))


class GraphQLClient:
    """A client over HTTP."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self.http = http

    async def post(
        self,
        body: bytes | Mapping[str, Any],
        *,
        accept: str | None = "application/graphql-response+json",
        content_type: str | None = "application/json",
        headers: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        """POST bytes as they are, anything else as JSON."""
        sent = dict(headers or {})
        if accept is not None:
            sent["accept"] = accept
        if content_type is not None:
            sent["content-type"] = content_type
        content = body if isinstance(body, bytes) else orjson.dumps(body)
        return await self.http.post("/graphql", content=content, headers=sent)

    async def execute(self, query: str, variables: Mapping[str, Any] | None = None, **members: Any) -> httpx2.Response:
        return await self.post({"query": query, "variables": variables, **members})

    async def get(self, accept: str = "application/graphql-response+json", **parameters: str) -> httpx2.Response:
        return await self.http.get("/graphql", params=parameters, headers={"accept": accept})


def error_codes(response: httpx2.Response) -> list[str]:
    """Return the code of each error of a response."""
    return [error["extensions"]["code"] for error in response.json().get("errors", [])]
