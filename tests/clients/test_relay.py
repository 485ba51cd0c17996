"""relay-compiler on the printed schema, and the documents of a compiled application."""

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest
from graphql import parse, validate

from schema import graphql_schema
from tests.clients.node import command, project_folder, run
from tests.live_server import running_server

pytestmark = pytest.mark.clients


@pytest.fixture(scope="module")
def compiled(node_modules: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = project_folder(tmp_path_factory.mktemp("relay"), "relay")
    run(command("node"), node_modules / "relay-compiler/cli.js", "relay.config.json", cwd=folder)
    return folder


@pytest.fixture
def documents(compiled: Path) -> dict[str, str]:
    """The documents for the server, by id."""
    written: dict[str, str] = json.loads((compiled / "documents.json").read_text())
    return written


def test_compiler_writes_artifacts_for_connections_and_refetching(compiled: Path) -> None:
    names = {path.name.removesuffix(".graphql.ts") for path in (compiled / "artifacts").glob("*.ts")}
    assert names >= {"sessions_list", "sessionsPageQuery", "sessionsTimesQuery", "sessionsLiveSubscription"}
    times = (compiled / "artifacts" / "sessionsTimesQuery.graphql.ts").read_text()
    assert '"name": "node"' in times


def test_compiled_documents_are_valid(documents: dict[str, str]) -> None:
    assert len(documents) == 7
    wrong = {text: errors for text in documents.values() if (errors := validate(graphql_schema, parse(text)))}
    assert wrong == {}


def test_compiled_documents_are_answered_by_id_in_enforce_mode(
    compiled: Path, documents: dict[str, str], tmp_path: Path
) -> None:
    ids = {text.split("(")[0]: id_ for id_, text in documents.items()}
    with running_server(tmp_path, TRUSTED_DOCUMENTS=str(compiled / "documents.json")) as server:

        def ask(operation: str, **variables: Any) -> Any:
            request = {"doc_id": ids[operation], "variables": variables}
            return httpx2.post(server.graphql, json=request).json()["data"]

        started = ask("mutation sessionsStartMutation", input={"variant": {"user": {"username": "relay"}}})
        session = started["startSession"]["session"]
        (edge,) = ask("query sessionsPageQuery", count=10)["sessions"]["edges"]
        assert edge["node"] == session
        assert ask("query sessionsTimesQuery", id=session["id"])["node"]["pathTimes"] == []
        refused = httpx2.post(server.graphql, json={"query": "{ viewer { name } }"}).json()
        assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
