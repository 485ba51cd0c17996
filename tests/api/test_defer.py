"""@defer, and viewer, the query that it is tested with."""

from tests.api_client import ApiClient

QUERY = '{ viewer { name ... @defer(label: "rest") { scopes } } }'
IN_PARTS = "multipart/mixed; incrementalSpec=v0.2, application/json"


async def test_deferred_fragment_arrives_in_separate_part(api: ApiClient) -> None:
    response = await api.http.post("/graphql", json={"query": QUERY}, headers={"Accept": IN_PARTS})
    assert response.headers["content-type"].startswith("multipart/mixed")
    first, rest = (part for part in response.text.split("--graphql") if "{" in part)
    assert '"viewer":{"name":"local"}' in first
    assert '"label":"rest"' in first
    assert '"scopes":["READ","WRITE","ADMIN"]' in rest


async def test_caller_without_tokens_is_local_admin(api: ApiClient) -> None:
    viewer = await api.execute("{ viewer { name scopes projects } }")
    assert viewer == {"name": "local", "scopes": ["READ", "WRITE", "ADMIN"], "projects": None}


async def test_defer_is_ignored_without_multipart_in_accept_header(api: ApiClient) -> None:
    assert await api.execute(QUERY) == {"name": "local", "scopes": ["READ", "WRITE", "ADMIN"]}


async def test_stream_directive_is_rejected(api: ApiClient) -> None:
    assert await api.error_code("{ viewer { scopes @stream } }") == "GRAPHQL_VALIDATION_FAILED"
