"""Media type and status of responses by the Accept header."""

import pytest

from tests.transport.fake_app import GraphQLClient, error_codes

GRAPHQL = "application/graphql-response+json"
JSON = "application/json"


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (GRAPHQL, GRAPHQL),
        (JSON, JSON),
        (f"{GRAPHQL}, {JSON}", GRAPHQL),
        (f"{JSON}, {GRAPHQL}", GRAPHQL),
        (f"{GRAPHQL};q=0.5, {JSON};q=0.6", JSON),
        (f"{JSON};q=0.9,{GRAPHQL}", GRAPHQL),
        (f"{GRAPHQL}; charset=utf-8, {JSON}; charset=utf-8", GRAPHQL),
        (f"{JSON};q=0, */*;q=0.1", GRAPHQL),
        (f"{GRAPHQL};charset=utf-16, {JSON};q=0.1", JSON),
        (f"{GRAPHQL.upper()}", GRAPHQL),
        (f"nonsense, ;;;, {GRAPHQL};q=2, {JSON};q=0.001", JSON),
        (f"{GRAPHQL}, application/graphql+json, {JSON}, text/event-stream, multipart/mixed", GRAPHQL),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", JSON),
    ],
)
async def test_media_type_has_highest_quality(client: GraphQLClient, accept: str | None, chosen: str) -> None:
    # httpx adds */* if the header is absent.
    response = await client.post({"query": "{hello}"}, accept=accept if accept is not None else " ")
    assert response.status_code == 200
    assert response.headers["content-type"] == f"{chosen}; charset=utf-8"
    assert "Accept" in response.headers["vary"]


@pytest.mark.parametrize(
    "accept", ["text/html", "multipart/mixed", f"{JSON};q=0", "*/*;q=0", "nonsense", "a/b," * 5000]
)
async def test_unacceptable_media_types_are_406(client: GraphQLClient, accept: str) -> None:
    response = await client.post({"query": "{hello}"}, accept=accept)
    assert (response.status_code, error_codes(response)) == (406, ["BAD_REQUEST"])


@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        ("{", None, "GRAPHQL_PARSE_FAILED"),
        ("{nothing}", None, "GRAPHQL_VALIDATION_FAILED"),
        ("query($n:Int!){echo(int:$n)}", {"n": "x"}, "BAD_USER_INPUT"),
        ("query a{hello} query b{hello}", None, "OPERATION_RESOLUTION_FAILURE"),
        (
            "{a:hello b:hello c:hello d:hello e:hello f:hello g:hello h:hello i:hello j:hello k:hello}",
            None,
            "QUERY_TOO_COMPLEX",
        ),
    ],
)
async def test_request_error_has_status_by_media_type_and_no_data(
    client: GraphQLClient, query: str, variables: dict[str, object] | None, code: str
) -> None:
    body = {"query": query, "variables": variables}
    new = await client.post(body, accept=GRAPHQL)
    old = await client.post(body, accept=JSON)
    assert (new.status_code, old.status_code) == (400, 200)
    assert set(error_codes(new)) == {code}
    assert new.json() == old.json()
    assert "data" not in new.json()


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "TRACE", "OPTIONS", "NONSENSE"])
async def test_methods_other_than_get_and_post_are_405(client: GraphQLClient, method: str) -> None:
    response = await client.http.request(method, "/graphql")
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, POST"


async def test_response_is_not_cached(client: GraphQLClient) -> None:
    response = await client.execute("{hello}")
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-content-type-options"] == "nosniff"
