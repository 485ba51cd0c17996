"""Production mode: no suggestions, no introspection."""

from pathlib import Path
from typing import Any

import pytest

from tests.api_client import ApiClient, open_api


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
