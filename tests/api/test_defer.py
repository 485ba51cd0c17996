"""@defer: what a client can wait for comes after what it cannot."""

from tests.api_client import ApiClient

QUERY = '{ viewer { name ... @defer(label: "rest") { scopes } } }'
IN_PARTS = "multipart/mixed; incrementalSpec=v0.2, application/json"


async def test_a_deferred_fragment_comes_in_a_part_of_its_own_to_a_client_that_takes_parts(api: ApiClient) -> None:
    answer = await api.http.post("/graphql", json={"query": QUERY}, headers={"Accept": IN_PARTS})
    assert answer.headers["content-type"].startswith("multipart/mixed")
    first, rest = (part for part in answer.text.split("--graphql") if "{" in part)
    assert '"viewer":{"name":"local"}' in first
    assert '"label":"rest"' in first
    assert '"scopes":["READ","WRITE","ADMIN"]' in rest


async def test_other_clients_have_everything_at_once(api: ApiClient) -> None:
    assert await api.execute(QUERY) == {"name": "local", "scopes": ["READ", "WRITE", "ADMIN"]}


async def test_lists_are_not_streamed(api: ApiClient) -> None:
    assert await api.error_code("{ viewer { scopes @stream } }") == "GRAPHQL_VALIDATION_FAILED"
