"""Settings of the transport in the whole server."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from main import Settings
from tests.api_client import open_api

QUERY = "{viewer{name}}"


@pytest.mark.parametrize(
    ("settings", "status"),
    [
        ({}, 200),
        ({"metrics": False}, 404),
        ({"host": "192.0.2.1", "insecure": True, "metrics": True}, 200),
    ],
)
async def test_metrics_are_exposed_on_loopback_or_by_setting(
    tmp_path: Path, settings: dict[str, Any], status: int
) -> None:
    async with open_api(tmp_path / "test.db", **settings) as api:
        response = await api.http.get("/metrics")
    assert response.status_code == status
    assert ("graphql_operations" in response.text) is (status == 200)


async def test_trusted_documents_are_read_from_file(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({"viewer-1": QUERY}))
    async with open_api(tmp_path / "test.db", trusted_documents=str(path)) as api:
        named = await api.http.post("/graphql", json={"documentId": "viewer-1"})
        other = await api.http.post("/graphql", json={"query": "{__typename}"})
    assert named.json()["data"]["viewer"] is not None
    assert other.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"trusted_documents": "nothing.json"}, "nothing.json cannot be read"),
        ({"trusted_documents_mode": "sometimes"}, "'off', 'log' or 'enforce'"),
        ({"gzip_bytes": -1}, "greater than or equal to 0"),
        ({"allowed_origins": "*", "cors_credentials": True}, "ALLOWED_ORIGINS must not be"),
    ],
)
def test_invalid_setting_is_rejected(settings: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        Settings(**settings)
