"""Python's gql over HTTP and WebSocket."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
from gql import Client, GraphQLRequest, gql
from gql.client import AsyncClientSession
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.async_transport import AsyncTransport
from gql.transport.exceptions import TransportQueryError
from gql.transport.websockets import WebsocketsTransport

from tests.live_server import Server

pytestmark = pytest.mark.clients

START = """
    mutation Start($username: String!) {
      startSession(input: {variant: {user: {username: $username}}}) { session { id } problems { message } }
    }
"""
LIST = """
    query List($username: String!) {
      sessions(filter: {user: {usernames: [$username]}}) { nodes { id } }
    }
"""
LIVE = """
    subscription Live($username: String!) {
      activeSessions(filter: {user: {usernames: [$username]}}) {
        ... on SessionSnapshot { sessions { id } }
        ... on SessionChange { change id }
      }
    }
"""


def http_transport(server: Server) -> AsyncTransport:
    return AIOHTTPTransport(url=server.graphql)


def websocket_transport(server: Server) -> AsyncTransport:
    return WebsocketsTransport(url=server.graphql.replace("http", "ws", 1))


@pytest.fixture(params=[http_transport, websocket_transport])
async def session(request: pytest.FixtureRequest, server: Server) -> AsyncGenerator[AsyncClientSession, None]:
    """A client that has fetched the schema and validates operations against it."""
    async with Client(transport=request.param(server), fetch_schema_from_transport=True) as connected:
        yield connected


def request_for(document: str, request: pytest.FixtureRequest) -> GraphQLRequest:
    return GraphQLRequest(document, variable_values={"username": request.node.name})


async def test_started_session_is_listed(session: AsyncClientSession, request: pytest.FixtureRequest) -> None:
    started: dict[str, Any] = await session.execute(request_for(START, request))
    listed: dict[str, Any] = await session.execute(request_for(LIST, request))
    assert listed["sessions"]["nodes"] == [started["startSession"]["session"]]


async def test_refused_query_raises_its_code(session: AsyncClientSession) -> None:
    with pytest.raises(TransportQueryError) as refused:
        await session.execute(gql("{ sessions(first: -1) { totalCount } }"))
    assert refused.value.errors
    assert refused.value.errors[0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_subscription_receives_a_started_session(server: Server, request: pytest.FixtureRequest) -> None:
    async with Client(transport=websocket_transport(server)) as connected:
        live = connected.subscribe(request_for(LIVE, request))
        assert await anext(live) == {"activeSessions": {"sessions": []}}
        started: dict[str, Any] = await connected.execute(request_for(START, request))
        change = {"change": "ADDED", "id": started["startSession"]["session"]["id"]}
        assert await anext(live) == {"activeSessions": change}
        await live.aclose()
