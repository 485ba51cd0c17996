"""The Relay guide: relay-compiler, persisted documents, and its live set on relay-runtime in Chromium."""

import json
import shutil
from pathlib import Path
from typing import Any

import httpx2
import pytest
from graphql import parse, validate

from schema import graphql_schema
from tests.clients.guide import write_application
from tests.clients.live_sets import Command, check_restart, page_program
from tests.clients.node import HERE, ROOT, command, run
from tests.live_server import running_server

pytestmark = [pytest.mark.clients, pytest.mark.usefixtures("node_modules")]


def compile_documents(folder: Path) -> None:
    shutil.copy(ROOT / "schema" / "schema.graphql", folder)
    (folder / "artifacts").mkdir()
    run(command("node"), HERE / "node_modules/relay-compiler/cli.js", "relay.config.json", cwd=folder)


@pytest.fixture(scope="module")
def compiled(node_modules: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001 - installed first
    """The guide's application, compiled with persisted documents."""
    folder = write_application("relay", tmp_path_factory.mktemp("relay") / "app", "http://127.0.0.1:1")
    config = folder / "relay.config.json"
    persisted = {"persistConfig": {"file": "documents.json", "algorithm": "SHA256"}}
    config.write_text(json.dumps(json.loads(config.read_text()) | persisted))
    (folder / "documents.json").write_text("{}")
    compile_documents(folder)
    return folder


@pytest.fixture
def documents(compiled: Path) -> dict[str, str]:
    """The documents for the server, by id."""
    written: dict[str, str] = json.loads((compiled / "documents.json").read_text())
    return written


def test_compiler_writes_artifacts_for_connections_and_refetching(compiled: Path) -> None:
    names = {path.name.removesuffix(".graphql.ts") for path in (compiled / "artifacts").glob("*.ts")}
    assert names >= {"sessions_list", "sessionsPageQuery", "sessionsTimesQuery", "liveSubscription"}
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


def relay_program(folder: Path) -> Command:
    compile_documents(folder)
    return page_program(folder, "main.ts")


def test_live_set_is_right_after_a_restart(tmp_path: Path) -> None:
    check_restart("relay", relay_program, tmp_path)
