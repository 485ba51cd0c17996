"""Trusted documents and their manifest."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.transport.fake_app import FakeApp, GraphQLClient, error_codes, open_client
from transport import TransportSettings
from transport.documents.trusted import read_manifest
from transport.settings import TrustMode

QUERY = "query Greet($name:String){hello(name:$name)}"
HASH = sha256(QUERY.encode()).hexdigest()
TRUSTED = {"greet-1": QUERY, "write-1": "mutation{write}", "old": "{gone}"}
HELLO = {"data": {"hello": "Hello, you"}}
APQ = {"version": 1, "sha256Hash": HASH}


def trusted_settings(mode: str = "enforce", **settings: Any) -> TransportSettings:
    return TransportSettings(trusted_documents=TRUSTED, trusted_documents_mode=TrustMode(mode), **settings)


@pytest.mark.parametrize("mode", list(TrustMode))
@pytest.mark.parametrize(
    "members",
    [
        {"documentId": "greet-1"},
        {"doc_id": "greet-1"},
        {"id": "greet-1"},
        {"documentId": f"sha256:{HASH}"},
        {"extensions": {"persistedQuery": APQ}},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "greet-1"}}},
        {"query": QUERY},
        {"query": QUERY, "documentId": "whatever"},
        {"query": QUERY, "extensions": {"persistedQuery": APQ}},
        {"query": QUERY, "extensions": {"persistedQuery": {"version": 1, "sha256Hash": "greet-1"}}},
    ],
)
async def test_trusted_document_runs_by_each_of_its_names(
    fake_app: FakeApp, mode: str, members: dict[str, Any]
) -> None:
    async with open_client(fake_app, trusted_settings(mode)) as client:
        with capture_logs() as logged:
            assert (await client.post(members)).json() == HELLO
    assert [line["log_level"] for line in logged] == ["info"]


async def test_get_runs_trusted_document(fake_app: FakeApp) -> None:
    async with open_client(fake_app, trusted_settings()) as client:
        response = await client.get(documentId="greet-1", variables='{"name":"Ann"}')
        assert response.json() == {"data": {"hello": "Hello, Ann"}}
        assert (await client.get(doc_id="write-1")).status_code == 405
    assert fake_app.written == []


@pytest.mark.parametrize(
    "members", [{"documentId": "nobody"}, {"extensions": {"persistedQuery": {**APQ, "sha256Hash": "x"}}}]
)
async def test_unknown_document_id_is_persisted_query_not_found(fake_app: FakeApp, members: dict[str, Any]) -> None:
    async with open_client(fake_app, trusted_settings()) as client:
        response = await client.post(members)
    assert (response.status_code, error_codes(response)) == (400, ["PERSISTED_QUERY_NOT_FOUND"])


@pytest.mark.parametrize("text", ["{hello}", QUERY + " ", "{__schema{queryType{name}}}", "{__typename}", "{"])
async def test_enforce_mode_refuses_other_documents(fake_app: FakeApp, text: str) -> None:
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": sha256(text.encode()).hexdigest()}}
    async with open_client(fake_app, trusted_settings()) as client:
        for members in ({}, {"extensions": extensions}):
            response = await client.execute(text, **members)
            assert (response.status_code, error_codes(response)) == (403, ["FORBIDDEN"])
        assert error_codes(await client.post({"extensions": extensions})) == ["PERSISTED_QUERY_NOT_FOUND"]
    assert fake_app.resolvers_called == 0


async def test_log_mode_runs_and_logs_other_documents(fake_app: FakeApp) -> None:
    text = 'query Private{hello(name:"hunter2")}'
    async with open_client(fake_app, trusted_settings("log")) as client:
        with capture_logs() as logged:
            assert (await client.execute(text)).status_code == 200
    line, operation = logged
    assert line == {
        "event": "untrusted document",
        "log_level": "warning",
        "sha256": sha256(text.encode()).hexdigest(),
        "operations": ["Private"],
    }
    assert operation["event"] == "operation"


async def test_off_mode_runs_other_documents_and_finds_ids(fake_app: FakeApp) -> None:
    async with open_client(fake_app, trusted_settings("off")) as client:
        with capture_logs() as logged:
            assert (await client.execute("{hello}")).json() == HELLO
            assert (await client.post({"id": "greet-1"})).json() == HELLO
    assert {line["event"] for line in logged} == {"operation"}


async def test_document_id_without_manifest_is_unknown(client: GraphQLClient) -> None:
    assert error_codes(await client.post({"documentId": "greet-1"})) == ["PERSISTED_QUERY_NOT_FOUND"]


async def test_outdated_trusted_document_gets_validation_error(fake_app: FakeApp) -> None:
    async with open_client(fake_app, trusted_settings()) as client:
        assert error_codes(await client.post({"documentId": "old"})) == ["GRAPHQL_VALIDATION_FAILED"]


APOLLO = {
    "format": "apollo-persisted-query-manifest",
    "version": 1,
    "operations": [{"id": "a", "name": "Greet", "type": "query", "body": QUERY}],
}


@pytest.mark.parametrize(
    ("content", "documents"),
    [(APOLLO, {"a": QUERY}), ({"b": QUERY, "c": "{hello}"}, {"b": QUERY, "c": "{hello}"}), ({}, {})],
)
def test_manifest_formats_of_client_tools_are_read(tmp_path: Path, content: Any, documents: dict[str, str]) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(content))
    assert read_manifest(path) == documents


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "not JSON"),
        ("[]", "not a JSON object"),
        ("null", "not a JSON object"),
        ('{"a": 1}', "not a string"),
        ('{"": "{hello}"}', "not a string"),
        ('{"a": "{"}', "a that is not GraphQL"),
        ('{"a": ""}', "a that is not GraphQL"),
        (json.dumps(APOLLO | {"format": "another"}), "not a manifest of format"),
        (json.dumps(APOLLO | {"version": 2}), "not a manifest of format"),
        (json.dumps(APOLLO | {"operations": {}}), "not a manifest of format"),
        (json.dumps(APOLLO | {"operations": [1]}), "not a string"),
        (json.dumps(APOLLO | {"operations": [{"id": "a"}]}), "not a string"),
        (json.dumps(APOLLO | {"operations": [{"id": "a", "body": t} for t in ("{a}", "{b}")]}), "two documents"),
    ],
)
def test_malformed_manifest_is_one_line_error(tmp_path: Path, content: str, why: str) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=why) as raised:
        read_manifest(path)
    assert "\n" not in str(raised.value)
    assert str(path) in str(raised.value)


def test_missing_manifest_is_one_line_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be read: No such file"):
        read_manifest(tmp_path / "nothing.json")
