"""Production mode: no suggestions, no introspection."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api_client import ApiClient, open_api


@pytest.fixture
async def production(tmp_path: Path) -> AsyncIterator[ApiClient]:
    async with open_api(tmp_path / "test.db", production=True, insecure=True) as api:
        yield api


async def test_validation_errors_suggest_nothing(production: ApiClient) -> None:
    for document in ("{ viewr { name } }", "{ viewer { nam } }", "{ sessions(frist: 1) { nodes { id } } }"):
        (error,) = (await production.post(document))["errors"]
        assert error["extensions"] == {"code": "GRAPHQL_VALIDATION_FAILED"}
        assert "Did you mean" not in error["message"]


async def test_introspection_is_forbidden(production: ApiClient) -> None:
    for document in ("{ __schema { types { name } } }", '{ __type(name: "Session") { name } }'):
        assert await production.error_code(document) == "FORBIDDEN"
    assert await production.execute("{ __typename }") == "Query"
