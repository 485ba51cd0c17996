"""@graphql-codegen's client preset as the guide configures it, and the guide's application."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.clients.guide import write_application
from tests.clients.node import command, run
from tests.docs.page_runner import blocks
from tests.live_server import Server

pytestmark = pytest.mark.clients

TSC = {
    "compilerOptions": {
        "strict": True,
        "exactOptionalPropertyTypes": True,
        "noUncheckedIndexedAccess": True,
        "noEmit": True,
        "target": "es2022",
        "lib": ["es2022", "dom"],
        "types": [],
        "module": "preserve",
        "moduleResolution": "bundler",
        "allowImportingTsExtensions": True,
    },
    "files": ["sessions.ts"],
}
INTROSPECTION = next(block for block in blocks("docs/clients/codegen.md") if block.info == "json introspection")


@pytest.fixture(scope="module", params=["schema.graphql", "introspection"])
def application(
    request: pytest.FixtureRequest, server: Server, node_modules: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = write_application("codegen", tmp_path_factory.mktemp("codegen") / "app", server.origin)
    if request.param == "introspection":
        config: dict[str, Any] = json.loads((folder / "codegen.json").read_text()) | json.loads(
            INTROSPECTION.text.replace("http://127.0.0.1:8000", server.origin)
        )
        (folder / "codegen.json").write_text(json.dumps(config))
    (folder / "tsconfig.json").write_text(json.dumps(TSC))
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
