"""Production mode: no suggestions, no introspection, masked errors."""

from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.api_client import ApiClient, open_api
from tests.bad_inputs.case import CANARY


@pytest.fixture
async def production(tmp_path: Path) -> Any:
    async with open_api(tmp_path / "test.db", production=True) as api:
        yield api


async def test_validation_errors_suggest_nothing(production: ApiClient) -> None:
    for document in ("{ viewr { name } }", "{ viewer { nam } }", "{ sessions(frist: 1) { nodes { id } } }"):
        response = await production.http.post("/graphql", json={"query": document})
        (error,) = response.json()["errors"]
        assert error["extensions"] == {"code": "GRAPHQL_VALIDATION_FAILED"}
        assert "Did you mean" not in error["message"]


@pytest.mark.parametrize("document", ["{ __schema { types { name } } }", '{ __type(name: "Session") { name } }'])
async def test_introspection_is_forbidden(production: ApiClient, document: str) -> None:
    assert await production.error_code(document) == "FORBIDDEN"
    assert await production.execute("{ __typename }") == "Query"


async def test_internal_error_is_masked_and_logged(production: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError(CANARY)

    monkeypatch.setattr("models.session_rules.state", fail)
    session = await production.execute(
        "mutation($input: StartSessionInput!) { startSession(input: $input) { session { id } } }",
        input={"variant": {"field": {"unitId": "u"}}},
    )
    query = "query($id: ID!) { session(id: $id) { id state } }"
    with capture_logs() as logged:
        answer = await production.post(query, {"id": session["session"]["id"]})
    (error,) = answer["errors"]
    assert (error["message"], error["extensions"]["code"]) == ("Internal server error", "INTERNAL_SERVER_ERROR")
    (fault,) = [line for line in logged if line["log_level"] == "error"]
    assert (fault["error_id"], fault["error"]) == (error["extensions"]["errorId"], "RuntimeError")
    assert CANARY not in f"{answer} {logged}"
