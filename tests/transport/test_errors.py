"""Errors in responses and in the log."""

from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.transport.fake_app import ExpectedError, FakeApp, GraphQLClient, error_codes

Lines = list[MutableMapping[str, Any]]


@pytest.fixture
def log() -> Iterator[Lines]:
    with capture_logs() as lines:
        yield lines


async def test_expected_error_reaches_client(client: GraphQLClient, log: Lines) -> None:
    response = await client.execute("{hello expected}")
    assert response.status_code == 200
    assert response.json() == {
        "errors": [
            {
                "message": "You may know this",
                "locations": [{"line": 1, "column": 8}],
                "path": ["expected"],
                "extensions": {"code": "CONFLICT", "more": 1},
            }
        ],
        "data": {"hello": "Hello, you", "expected": None},
    }
    assert [line["event"] for line in log] == ["operation"]


@pytest.mark.parametrize("field", ["surprise", "surpriseNonNull", "bareError"])
async def test_unexpected_error_is_masked_and_logged(client: GraphQLClient, log: Lines, field: str) -> None:
    response = await client.execute(f"{{aliased: {field}}}")
    assert response.status_code == 200
    assert response.json()["data"] == (None if field == "surpriseNonNull" else {"aliased": None})
    error = response.json()["errors"][0]
    assert error["message"] == "Internal server error"
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert error["path"] == ["aliased"]
    assert "hunter2" not in response.text
    logged = [line for line in log if line["event"] == "unexpected error"]
    assert [line["error_id"] for line in logged] == [error["extensions"]["errorId"]]
    assert logged[0]["field"] == field
    assert "hunter2" not in repr(log)
    assert "aliased" not in repr(log)


async def test_log_has_traceback_of_unexpected_error(client: GraphQLClient, log: Lines) -> None:
    await client.execute("{surprise}")
    assert log[0]["error"] == "RuntimeError"
    assert "in surprise" in log[0]["traceback"]


async def test_errors_of_one_list_log_five_tracebacks(client: GraphQLClient, log: Lines) -> None:
    response = await client.execute("{manySurprises{id surprise}}")
    ids = {error["extensions"]["errorId"] for error in response.json()["errors"]}
    assert len(response.json()["errors"]) == 50
    assert len(ids) == 1
    assert len(log) == 6


@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
@pytest.mark.parametrize(
    ("code", "status", "headers"),
    [
        ("UNAUTHENTICATED", 401, {"www-authenticate": "Bearer"}),
        ("FORBIDDEN", 403, {}),
        ("RATE_LIMITED", 429, {"retry-after": "7"}),
        ("SERVICE_UNAVAILABLE", 503, {"retry-after": "7"}),
    ],
)
async def test_context_error_with_code_sets_status(
    client: GraphQLClient, fake_app: FakeApp, *, accept: str, code: str, status: int, headers: dict[str, str]
) -> None:
    fake_app.context_error = ExpectedError("Not you", code=code, retryAfter=7)
    response = await client.post({"query": "{hello}"}, accept=accept)
    assert (response.status_code, error_codes(response)) == (status, [code])
    assert response.json()["errors"][0]["message"] == "Not you"
    assert "data" not in response.json()
    assert headers.items() <= response.headers.items()


async def test_unauthenticated_client_gets_no_parse_error(client: GraphQLClient, fake_app: FakeApp) -> None:
    fake_app.context_error = ExpectedError("Who are you?", code="UNAUTHENTICATED")
    assert error_codes(await client.execute("{nonsense")) == ["UNAUTHENTICATED"]


async def test_unexpected_context_error_is_masked_500(client: GraphQLClient, fake_app: FakeApp, log: Lines) -> None:
    fake_app.context_error = RuntimeError("hunter2")
    response = await client.execute("{hello}")
    assert (response.status_code, error_codes(response)) == (500, ["INTERNAL_SERVER_ERROR"])
    assert "hunter2" not in response.text + repr(log)


async def test_each_operation_enters_and_leaves_its_context(client: GraphQLClient, fake_app: FakeApp) -> None:
    await client.execute("{a: hello b: hello}")
    assert (fake_app.contexts_opened, fake_app.contexts_closed) == (1, 1)
    await client.execute("{nothing}")
    await client.execute("{surprise}")
    assert (fake_app.contexts_opened, fake_app.contexts_closed) == (3, 3)


@pytest.mark.parametrize(
    ("query", "members", "expected"),
    [
        ("query Good{hello}", {}, ("Good", "query", "ok", 200)),
        ("{hello}", {}, (None, "query", "ok", 200)),
        ("mutation Write{write}", {}, ("Write", "mutation", "ok", 200)),
        ("query A{expected surprise}", {}, ("A", "query", ["CONFLICT", "INTERNAL_SERVER_ERROR"], 200)),
        ("query Secret{", {}, (None, None, ["GRAPHQL_PARSE_FAILED"], 400)),
        ("query Secret{nothing}", {}, (None, None, ["GRAPHQL_VALIDATION_FAILED"], 400)),
        ("query A{hello}", {"operationName": "Secret"}, (None, None, ["OPERATION_RESOLUTION_FAILURE"], 400)),
        ("query A($n:Int!){echo(int:$n)}", {"variables": {"n": "Secret"}}, ("A", "query", ["BAD_USER_INPUT"], 400)),
        ("subscription Ticks{ticks}", {}, ("Ticks", "subscription", ["OPERATION_RESOLUTION_FAILURE"], 400)),
        (f"query {'a' * 500}{{hello}}", {}, ("a" * 64, "query", "ok", 200)),
    ],
)
async def test_each_operation_logs_one_line_without_input(
    client: GraphQLClient, log: Lines, query: str, members: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    await client.post({"query": query, **members})
    lines = [line for line in log if line["event"] == "operation"]
    assert [(line["name"], line["type"], line["outcome"], line["status"]) for line in lines] == [expected]
    assert lines[0]["duration_ms"] > 0
    assert "Secret" not in repr(log)


@pytest.mark.parametrize("body", [b"[]", b"{", b"", b'{"query":7}'])
async def test_malformed_request_logs_one_line(client: GraphQLClient, log: Lines, body: bytes) -> None:
    await client.post(body)
    assert [(line["event"], line["name"], line["outcome"]) for line in log] == [("operation", None, ["BAD_REQUEST"])]


async def test_value_without_json_form_is_masked(client: GraphQLClient, log: Lines) -> None:
    response = await client.execute("{unencodable}")
    assert (response.status_code, error_codes(response)) == (200, ["INTERNAL_SERVER_ERROR"])
    assert response.json()["data"] is None
    assert [line["event"] for line in log] == ["unexpected error", "operation"]
    assert log[1]["outcome"] == ["INTERNAL_SERVER_ERROR"]
