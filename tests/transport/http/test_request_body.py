"""Bodies of POST requests."""

from collections.abc import AsyncIterator

import pytest

from tests.transport.fake_app import FakeApp, GraphQLClient, error_codes, open_client, with_limits

QUERY = b'{"query":"{hello}"'


# Also see tests/bad_inputs/http_cases.py.
@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "JSON"),
        (b"true", "object"),
        (b"[1]", "Batches"),
        (b'{"query":null}', "no query"),
        (b'{"query":["{hello}"]}', "no query"),
        (QUERY + b',"variables":0}', "variables"),
        (QUERY + b',"extensions":false}', "extensions"),
        (QUERY + b',"operationName":{}}', "operationName"),
        (QUERY + b',"variables":{"x":Infinity}}', "JSON"),
        (QUERY + b"}}", "JSON"),
        (QUERY + b',"x":"\x00"}', "JSON"),
        (b"\xef\xbb\xbf" + QUERY + b"}", "JSON"),
        ('{"query":"{hello}"}'.encode("utf-32-le"), "JSON"),
        (b"[" * 65 + b"]" * 65, "levels deep"),
        (QUERY + b',"extensions":{"x":' + b"[" * 64 + b"]" * 64 + b"}}", "levels deep"),
    ],
)
async def test_body_without_request_is_400(client: GraphQLClient, fake_app: FakeApp, body: bytes, why: str) -> None:
    for accept in ("application/json", "application/graphql-response+json"):
        response = await client.post(body, accept=accept)
        assert (response.status_code, error_codes(response)) == (400, ["BAD_REQUEST"])
        assert why in response.json()["errors"][0]["message"]
        assert "data" not in response.json()
    assert fake_app.contexts_opened == 0


@pytest.mark.parametrize(
    "body",
    [
        QUERY + b',"variables":null,"operationName":null,"extensions":null}',
        QUERY + b',"variables":{},"extensions":{"x":1}}',
        QUERY + b',"operationName":""}',
        QUERY + b',"unknown":[1,{"a":null}],"also":"ignored"}',
        b' \n{"query": "{hello}"}\n ',
        QUERY + b',"extensions":{"brackets in a string":"' + b"[{" * 500 + b'"}}',
        QUERY + b',"extensions":{"escapes":"' + b'\\\\\\"[' * 200 + b'"}}',
        QUERY + b',"extensions":{"flat":[' + b"[],{}," * 5000 + b"1]}}",
        QUERY + b',"extensions":{"x":' + b"[" * 60 + b"]" * 60 + b"}}",
    ],
)
async def test_body_allowed_by_specification_is_accepted(client: GraphQLClient, body: bytes) -> None:
    response = await client.post(body)
    assert (response.status_code, response.json()) == (200, {"data": {"hello": "Hello, you"}})


OTHER_TYPES = (None, "", "/", "text/plain", "application/x-www-form-urlencoded", "application/graphql")
JSONP = "application/jsonp"
SIMILAR_TYPES = ("text/plain; application/json", "xapplication/jsonx", "application/json, text/plain")
OTHER_CHARSETS = ("application/json; charset=utf-16", "application/json; charset=iso-8859-1")


@pytest.mark.parametrize("content_type", [*OTHER_TYPES, JSONP, *SIMILAR_TYPES, *OTHER_CHARSETS])
async def test_content_type_other_than_json_is_415(client: GraphQLClient, content_type: str | None) -> None:
    response = await client.post({"query": "{hello}"}, content_type=content_type)
    assert (response.status_code, error_codes(response)) == (415, ["BAD_REQUEST"])


@pytest.mark.parametrize("parameters", ["", ";charset=utf-8", '; charset="UTF-8"', "; x=y"])
async def test_json_content_type_with_parameters_is_accepted(client: GraphQLClient, parameters: str) -> None:
    for name in ("application/json", "Application/JSON"):
        assert (await client.post({"query": "{hello}"}, content_type=name + parameters)).status_code == 200


async def test_repeated_content_type_is_415(client: GraphQLClient) -> None:
    headers = [("content-type", "application/json"), ("content-type", "application/json")]
    response = await client.http.post("/graphql", content=b'{"query":"{hello}"}', headers=headers)
    assert response.status_code == 415


async def test_body_over_limit_is_413(fake_app: FakeApp) -> None:
    async with open_client(fake_app, with_limits(body_bytes=100)) as client:
        response = await client.post(b" " * 101)
        assert (response.status_code, error_codes(response)) == (413, ["BAD_REQUEST"])
        assert "100" in response.json()["errors"][0]["message"]
        assert response.headers["connection"] == "close"
        assert (await client.post(b'{"query":"{hello}"}'.ljust(100))).status_code == 200


@pytest.mark.parametrize("values", [b'"",', b'"\\"",', b"[],", b"{},", b"[[[[[]]]]],", b'{"a":"b"},'])
async def test_body_with_too_many_values_is_413(client: GraphQLClient, values: bytes) -> None:
    async def sent(count: int) -> int:
        body = QUERY + b',"extensions":{"x":[' + values * count + b"1]}}"
        return (await client.post(body)).status_code

    most = 50_000 // (values.count(b"[") or 2)
    assert await sent(most - 5) == 200
    assert await sent(51_000) == 413


async def test_chunked_body_is_read_up_to_limit(fake_app: FakeApp) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1000
            yield b" " * 1000

    async with open_client(fake_app, with_limits(body_bytes=10_000)) as client:
        response = await client.http.post("/graphql", content=endless(), headers={"content-type": "application/json"})
    assert response.status_code == 413
    assert sent == 11_000


@pytest.mark.parametrize("length", ["x", "-1", "1,2", "١", "9" * 30, "+5", ""])
async def test_malformed_content_length_is_400(client: GraphQLClient, length: str) -> None:
    response = await client.http.post(
        "/graphql",
        content=b"{}",
        headers=[(b"content-type", b"application/json"), (b"content-length", length.encode())],
    )
    assert response.status_code == 400
