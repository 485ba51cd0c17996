"""@defer, and viewer, the query that it is tested with."""

from tests.api_client import ApiClient

QUERY = '{ viewer { name ... @defer(label: "rest") { scopes projects } } }'
IN_PARTS = "multipart/mixed; incrementalSpec=v0.2, application/json"


async def test_deferred_fragment_arrives_in_separate_part(api: ApiClient) -> None:
    response = await api.http.post("/graphql", json={"query": QUERY}, headers={"Accept": IN_PARTS})
    assert response.headers["content-type"].startswith("multipart/mixed")
    first, rest = (part for part in response.text.split("--graphql") if "{" in part)
    assert '"viewer":{"name":"local"}' in first
    assert '"label":"rest"' in first
    assert '"scopes":["READ","WRITE","ADMIN"],"projects":null' in rest


async def test_local_admin_is_read_whole_without_multipart_in_accept_header(api: ApiClient) -> None:
    viewer = await api.execute(QUERY)
    assert viewer == {"name": "local", "scopes": ["READ", "WRITE", "ADMIN"], "projects": None}


async def test_stream_directive_is_rejected(api: ApiClient) -> None:
    assert await api.error_code("{ viewer { scopes @stream } }") == "GRAPHQL_VALIDATION_FAILED"
