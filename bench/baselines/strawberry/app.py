"""The plain peer's application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import strawberry
from sqlmodel import SQLModel
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from strawberry.asgi import GraphQL
from strawberry.subscriptions import GRAPHQL_SSE_PROTOCOL, GRAPHQL_TRANSPORT_WS_PROTOCOL

from bench.baselines.strawberry.changes import ChangeBroadcaster
from bench.baselines.strawberry.rows import durable_engine
from bench.baselines.strawberry.schema import Mutation, Query, Subscription
from bench.baselines.strawberry.types import ClientSession, UserSession


class Endpoint(GraphQL[dict[str, Any], None]):
    async def get_context(self, request: Any, response: Any) -> dict[str, Any]:
        state = request.app.state
        return {"request": request, "response": response, "engine": state.engine, "changes": state.changes}


def create_app(database: str) -> Starlette:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.engine, app.state.changes = durable_engine(database), ChangeBroadcaster()
        async with app.state.engine.begin() as connection:
            await connection.run_sync(SQLModel.metadata.create_all)
        yield
        await app.state.engine.dispose()

    schema = strawberry.Schema(Query, Mutation, Subscription, types=[ClientSession, UserSession])
    endpoint = Endpoint(schema, subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL, GRAPHQL_SSE_PROTOCOL))
    routes = [Route("/graphql", endpoint), WebSocketRoute("/graphql", endpoint), Route("/readyz", readyz)]
    return Starlette(routes=routes, lifespan=lifespan)


async def readyz(_: Request) -> Response:
    return PlainTextResponse("ready\n")
