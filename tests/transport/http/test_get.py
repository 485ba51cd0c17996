"""GET: queries in the query string, and the page for browsers."""

import pytest

from tests.transport.fake_app import FakeApp, GraphQLClient, error_codes, open_client
from transport import Page

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


async def test_get_runs_query(client: GraphQLClient) -> None:
    response = await client.get(
        query="query a($n:String!){hello(name:$n)} query b{hello}", variables='{"n":"é"}', operationName="a"
    )
    assert (response.status_code, response.json()) == (200, {"data": {"hello": "Hello, é"}})


async def test_empty_parameters_count_as_absent(client: GraphQLClient) -> None:
    response = await client.get(query="{hello}", variables="", operationName="", extensions="")
    assert response.json() == {"data": {"hello": "Hello, you"}}


@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
async def test_get_with_mutation_is_405_and_runs_nothing(client: GraphQLClient, fake_app: FakeApp, accept: str) -> None:
    response = await client.get(accept, query="mutation{write}")
    assert (response.status_code, error_codes(response)) == (405, ["BAD_REQUEST"])
    assert response.headers["allow"] == "POST"
    assert fake_app.written == []


async def test_selected_operation_decides_if_get_is_allowed(client: GraphQLClient, fake_app: FakeApp) -> None:
    document = "query a{hello} mutation b{write}"
    assert (await client.get(query=document, operationName="a")).status_code == 200
    assert (await client.get(query=document, operationName="b")).status_code == 405
    assert fake_app.written == []


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
async def test_subscription_without_stream_is_refused(client: GraphQLClient, method: str, accept: str) -> None:
    document = "subscription{ticks}"
    response = await (
        client.get(accept, query=document) if method == "GET" else client.post({"query": document}, accept=accept)
    )
    assert (response.status_code, error_codes(response)) == (400, ["OPERATION_RESOLUTION_FAILURE"])


@pytest.mark.parametrize(
    "query_string",
    [
        "variables={}",
        "query={hello}&variables=[]",
        "query={hello}&variables={",
        "query={hello}&variables=NaN",
        "query={hello}&variables=1",
        "query={hello}&variables=" + "[" * 65 + "]" * 65,
        "query={hello}&extensions=[]",
        "query={hello}&variables=%7B%22a%22:%22%ff%22%7D",
        "&".join(f"a{number}=" for number in range(101)),
    ],
)
async def test_malformed_query_string_is_400(client: GraphQLClient, query_string: str) -> None:
    response = await client.http.get(f"/graphql?{query_string}")
    assert (response.status_code, error_codes(response)) == (400, ["BAD_REQUEST"])


@pytest.mark.parametrize("query_string", ["query={hello}%00", "query={hello}&variables=%7B%22a%22:%22%5Cu0000%22%7D"])
async def test_nul_in_query_string_is_bad_input(client: GraphQLClient, query_string: str) -> None:
    response = await client.http.get(f"/graphql?{query_string}")
    assert (response.status_code, error_codes(response)) == (400, ["BAD_USER_INPUT"])


async def test_browser_gets_page_with_its_headers(fake_app: FakeApp) -> None:
    async with open_client(fake_app, page=Page(b"<!doctype html>page", {"content-security-policy": "mine"})) as client:
        response = await client.get(BROWSER)
        assert (response.status_code, response.content) == (200, b"<!doctype html>page")
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        assert response.headers["content-security-policy"] == "mine"
    assert fake_app.contexts_opened == 0


async def test_page_is_for_browsers_without_query_only(fake_app: FakeApp) -> None:
    async with open_client(fake_app, page=Page(b"page", {})) as client:
        assert (await client.get(BROWSER, query="{hello}")).json() == {"data": {"hello": "Hello, you"}}
        assert (await client.get("*/*")).status_code == 400
        assert (await client.get("application/json, text/html;q=0.9")).status_code == 400
        assert (await client.post({"query": "{hello}"}, accept=BROWSER)).status_code == 200
        assert (await client.post({"query": "{hello}"}, accept="text/html")).status_code == 406
        assert (await client.get("text/html", query="{hello}")).status_code == 406


async def test_browser_without_page_gets_400(client: GraphQLClient) -> None:
    response = await client.get(BROWSER)
    assert (response.status_code, error_codes(response)) == (400, ["BAD_REQUEST"])
