"""schemathesis: documents generated from introspection, sent to every query and mutation."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from schema import graphql_schema
from tests.clients.node import ROOT
from tests.live_server import Server, running_server

pytestmark = pytest.mark.clients

OPTIONS = (
    *("--seed", "20260101", "--max-examples", "10"),
    *("--phases", "fuzzing", "--mode", "all", "--generation-database", "none"),
    # Some values that the types allow are refused: a page of −1, an hour of 90 minutes.
    *("--exclude-checks", "positive_data_acceptance"),
    *("--continue-on-failure", "--no-color"),
)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with running_server(tmp_path) as running:
        yield running


def test_generated_documents_are_answered_as_the_schema_says(server: Server, tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("schemathesis")
    done = subprocess.run(
        [program, "run", server.graphql, *OPTIONS],
        cwd=tmp_path,
        env={"SCHEMATHESIS_HOOKS": "tests.clients.schemathesis_hooks", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert graphql_schema.query_type
    assert graphql_schema.mutation_type
    operations = len(graphql_schema.query_type.fields) + len(graphql_schema.mutation_type.fields)
    assert f"Tested: {operations}\n" in done.stdout
    assert "never returned data" not in done.stdout
    assert log_levels(server.log) == {"info"}


def log_levels(log: Path) -> set[str]:
    """Return the levels of the log entries."""
    lines = (line for line in log.read_text().splitlines() if line.startswith("{"))
    return {json.loads(line)["level"] for line in lines}
