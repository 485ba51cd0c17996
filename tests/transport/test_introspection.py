"""Introspection."""

import pytest
from graphql import get_introspection_query

from tests.transport.fake_app import FakeApp, GraphQLClient, error_codes, open_client
from transport import TransportSettings

PRODUCTION = TransportSettings(production=True)


async def test_graphiql_introspection_query_succeeds(client: GraphQLClient) -> None:
    query = get_introspection_query(
        input_value_deprecation=True,
        schema_description=True,
        specified_by_url=True,
        directive_is_repeatable=True,
        one_of=True,
    )
    response = await client.execute(query)
    assert response.status_code == 200
    assert error_codes(response) == []


@pytest.mark.parametrize(
    "query",
    [
        "{__schema{queryType{name}}}",
        '{__type(name:"Query"){name}}',
        "{...F} fragment F on Query{hello ...{x:__schema{queryType{name}}}}",
        get_introspection_query(),
    ],
)
async def test_production_forbids_introspection(fake_app: FakeApp, query: str) -> None:
    async with open_client(fake_app, PRODUCTION) as client:
        response = await client.execute(query)
        assert (response.status_code, error_codes(response)) == (403, ["FORBIDDEN"])
        assert (await client.post({"query": query}, accept="application/json")).status_code == 200


async def test_production_allows_typename_and_other_operations(fake_app: FakeApp) -> None:
    async with open_client(fake_app, PRODUCTION) as client:
        assert (await client.execute("{__typename}")).json() == {"data": {"__typename": "Query"}}
        document = "query a{hello} query b{__schema{queryType{name}}}"
        assert (await client.execute(document, operationName="a")).status_code == 200
        assert (await client.execute(document, operationName="b")).status_code == 403


async def test_production_omits_suggestions(client: GraphQLClient, fake_app: FakeApp) -> None:
    assert "hello" in (await client.execute("{helo}")).text
    assert "int" in (await client.execute("{echo(ind: 1)}")).text
    async with open_client(fake_app, PRODUCTION) as quiet:
        for query in ("{helo}", "{echo(ind: 1)}", "query($b:Box){echo(box:$b)}", "{item{itm{id}}}"):
            response = await quiet.execute(query, {"b": {"siz": 1}})
            assert response.status_code == 400
            assert "Did you mean" not in response.text


async def test_introspection_has_own_depth_limit(client: GraphQLClient) -> None:
    deep = '{__type(name:"Query"){' + "ofType{" * 14 + "name" + "}" * 14 + "}}"
    assert (await client.execute(deep)).status_code == 200
    nested = '{__type(name:"Query"){' + "ofType{" * 15 + "name" + "}" * 15 + "}}"
    response = await client.execute(nested)
    assert error_codes(response) == ["QUERY_TOO_COMPLEX"]
    assert response.json()["errors"][0]["extensions"] == {
        "code": "QUERY_TOO_COMPLEX",
        "limit": "depth of introspection",
        "maximum": 16,
        "number": 17,
    }
