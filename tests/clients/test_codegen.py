"""@graphql-codegen's client preset on the schema that a server serves, and an application written with it."""

import json
import re
from pathlib import Path

import pytest

from tests.clients.node import command, project_folder, run
from tests.live_server import Server

pytestmark = pytest.mark.clients


@pytest.fixture(scope="module")
def application(server: Server, node_modules: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = project_folder(tmp_path_factory.mktemp("codegen"), "codegen")
    config = folder / "codegen.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"schema": f"{server.origin}/schema.graphql"}))
    run(command("node"), node_modules / "@graphql-codegen/cli/esm/bin.js", "--config", "codegen.json", cwd=folder)
    return folder


def test_every_scalar_has_a_type(application: Path) -> None:
    types = (application / "graphql" / "graphql.ts").read_text()
    fields = [line for line in types.splitlines() if not line.startswith(("type Exact<", "export const "))]
    code = re.sub(r"/\*.*?\*/", "", "\n".join(fields), flags=re.DOTALL)
    assert "startedAt: string" in code
    assert "metadata: Json" in code
    assert re.findall(r".*\b(?:unknown|any)\b.*", code) == []


def test_application_passes_strict_type_checks(application: Path, node_modules: Path) -> None:
    run(command("node"), node_modules / "typescript/bin/tsc", "--project", "tsconfig.json", cwd=application)
