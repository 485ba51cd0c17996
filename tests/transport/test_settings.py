"""Settings of the transport in the whole server."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from main import Settings
from tests.api_client import ApiClient, open_api
from tests.transport.http.multipart_client import BOUNDARY, encode_form

QUERY = "{viewer{name}}"
FORM_HEADERS = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ApiClient]:
    async with open_api(tmp_path / "test.db") as opened:
        yield opened


@pytest.mark.parametrize(
    ("settings", "status"),
    [
        ({}, 200),
        ({"production": True}, 404),
        ({"production": True, "metrics": True}, 200),
        ({"metrics": False}, 404),
        ({"host": "192.0.2.1", "insecure": True}, 404),
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


async def test_other_host_is_refused_on_every_route(server: ApiClient) -> None:
    for path in ("/", "/graphql", "/livez", "/readyz", "/metrics", "/readme"):
        assert (await server.http.get(path, headers={"host": "evil.example.com"})).status_code == 400


async def test_loopback_front_ends_may_use_server(server: ApiClient) -> None:
    response = await server.http.post("/graphql", json={"query": QUERY}, headers={"origin": "http://localhost:5173"})
    assert response.headers["access-control-allow-origin"] == "http://localhost:5173"


async def test_long_responses_are_compressed(tmp_path: Path) -> None:
    changes: list[dict[str, Any]] = [{}, {"gzip_bytes": 0}]
    for settings, encoding in zip(changes, ("gzip", None), strict=True):
        async with open_api(tmp_path / "test.db", **settings) as api:
            response = await api.http.get("/graphql", params={"query": "{__schema{types{name}}}"})
        assert response.headers.get("content-encoding") == encoding


async def test_multipart_requests_require_header_by_default(tmp_path: Path) -> None:
    body = encode_form({"query": QUERY}, {})
    changes: list[dict[str, Any]] = [{}, {"csrf_prevention": False}, {"uploads": False}]
    for settings, status in zip(changes, (400, 200, 415), strict=True):
        async with open_api(tmp_path / "test.db", **settings) as api:
            assert (await api.http.post("/graphql", content=body, headers=FORM_HEADERS)).status_code == status


async def test_file_in_json_scalar_is_bad_input(server: ApiClient) -> None:
    query = "mutation($input:StartSessionInput!){startSession(input:$input){problems{code}}}"
    variables = {"input": {"metadata": None, "variant": {"user": {"username": "ann"}}}}
    file = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="0"; filename="a"\r\n\r\nx\r\n'.encode()
    body = encode_form({"query": query, "variables": variables}, {"0": ["variables.input.metadata"]}, file)
    response = await server.http.post(
        "/graphql", content=body, headers=FORM_HEADERS | {"apollo-require-preflight": "1"}
    )
    assert [error["extensions"]["code"] for error in response.json()["errors"]] == ["BAD_USER_INPUT"]


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
