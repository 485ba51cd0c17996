"""Schemas of strawberry on graphql-core's executor, without strawberry's own layers."""

import asyncio
import enum
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
import strawberry
from graphql import GraphQLInputObjectType
from starlette.applications import Starlette
from starlette.requests import HTTPConnection
from starlette.routing import Route
from strawberry.dataloader import DataLoader

from tests.transport.fake_app import GraphQLClient, error_codes
from transport import GraphQLEndpoint


class Context:
    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.loader = DataLoader(load_fn=self._load)

    async def _load(self, keys: list[int]) -> list[str]:
        await asyncio.sleep(0)
        self.batches.append(keys)
        return [f"name of {key}" for key in keys]


Info = strawberry.Info[Context, None]


@strawberry.enum
class Colour(enum.Enum):
    """An enum whose value is not its name."""

    RED = "#f00"


@strawberry.input(one_of=True)
class Choice:
    """A @oneOf input."""

    number: strawberry.Maybe[int]
    text: strawberry.Maybe[str]


@strawberry.interface
class Named:
    """An interface with a batched field."""

    key: int

    @strawberry.field
    async def name(self, info: Info) -> str:
        return await info.context.loader.load(self.key)


@strawberry.type
class Thing(Named):
    colour: Colour = Colour.RED


@strawberry.type
class Query:
    @strawberry.field
    async def things(self, info: Info, count: int = 3) -> list[Named]:
        assert info.field_name == "things"
        return [Thing(key=key) for key in range(count)]

    @strawberry.field
    def selected(self, info: Info, colour: Colour = Colour.RED) -> list[str]:
        """Return the names and variables of the sibling selections."""
        names = [field.name for field in info.selected_fields]  # type: ignore[union-attr]  # only fields are selected
        return [*names, colour.value, *(f"{key}={value}" for key, value in sorted(info.variable_values.items()))]

    @strawberry.field
    def chosen(self, choice: Choice) -> str:
        return f"{choice.number!r} {choice.text!r}"

    @strawberry.field
    def batches(self, info: Info) -> int:
        return len(info.context.batches)


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def load(self, info: Info, keys: list[int]) -> int:
        """Load names and return the number of batches."""
        await asyncio.gather(*(info.context.loader.load(key) for key in keys))
        return len(info.context.batches)


@pytest.fixture
async def client() -> AsyncIterator[GraphQLClient]:
    built = strawberry.Schema(query=Query, mutation=Mutation, types=[Thing])._schema
    choice = built.type_map["Choice"]
    assert isinstance(choice, GraphQLInputObjectType)
    choice.is_one_of = True

    @asynccontextmanager
    async def make_context(_connection: HTTPConnection) -> AsyncIterator[Context]:
        yield Context()

    app = Starlette(routes=[Route("/graphql", GraphQLEndpoint(built, make_context))])
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://localhost") as http:
        yield GraphQLClient(http)


async def test_interfaces_enums_and_async_resolvers_work(client: GraphQLClient) -> None:
    response = await client.execute("{things(count:2){__typename key name ...on Thing{colour}}}")
    assert response.json()["data"]["things"] == [
        {"__typename": "Thing", "key": key, "name": f"name of {key}", "colour": "RED"} for key in range(2)
    ]


async def test_loaders_batch_within_one_operation(client: GraphQLClient) -> None:
    for _ in range(2):
        response = await client.execute("mutation{load(keys:[1,2,3,1])}")
        assert response.json() == {"data": {"load": 1}}


async def test_resolvers_see_their_selection_and_variables(client: GraphQLClient) -> None:
    response = await client.execute("query($colour:Colour!){selected(colour:$colour)}", {"colour": "RED"})
    assert response.json() == {"data": {"selected": ["selected", "#f00", "colour=Colour.RED"]}}


@pytest.mark.parametrize(
    ("choice", "fine"),
    [
        ({"number": 1}, True),
        ({"text": "x"}, True),
        ({}, False),
        ({"number": 1, "text": "x"}, False),
        ({"text": None}, False),
    ],
)
async def test_one_of_input_requires_one_member(client: GraphQLClient, choice: dict[str, Any], fine: bool) -> None:
    literal = ",".join(f"{key}:{to_literal(value)}" for key, value in choice.items())
    for response in (
        await client.execute("query($c:Choice!){chosen(choice:$c)}", {"c": choice}),
        await client.execute(f"{{chosen(choice:{{{literal}}})}}"),
    ):
        assert (response.status_code, set(error_codes(response))) == (
            (200, set()) if fine else (400, {"BAD_USER_INPUT"})
        )


def to_literal(value: object) -> str:
    formats: dict[type, Callable[[Any], str]] = {str: lambda text: f'"{text}"', type(None): lambda _: "null"}
    return formats.get(type(value), str)(value)
