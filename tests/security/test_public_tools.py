"""Public tools: clairvoyance, and the advisories on what is installed."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final, NoReturn

import pytest

from tests.live_server import ROOT, running_server
from tests.security.test_hidden_schema import NAMES
from tests.security.test_log_canaries import create_token

pytestmark = pytest.mark.security

TOOLS: Final = ROOT / ".venv-security" / "bin"
NEEDS_ADVISORIES: Final = os.environ.get("ADVISORIES") == "required"
NPM_PROJECTS: Final = ("web", "tests/clients")


def run(*command: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300, check=False)


def skip_without_advisories(why: str) -> NoReturn:
    """Skip, or fail where ADVISORIES=required: a build that reaches the advisories must not pass without them."""
    if NEEDS_ADVISORIES:
        pytest.fail(f"NOT AUDITED: {why}")
    pytest.skip(f"NOT AUDITED: {why}")


@pytest.mark.parametrize("scope", [None, "READ"])
def test_clairvoyance_recovers_no_schema(tmp_path: Path, scope: str | None) -> None:
    database, words, found = tmp_path / "test.db", tmp_path / "words.txt", tmp_path / "schema.json"
    create_token(database)
    words.write_text("\n".join(sorted(NAMES)))
    credential = [] if scope is None else ["-H", f"Authorization: Bearer {create_token(database, scope)}"]
    with running_server(tmp_path, PRODUCTION="true") as server:
        done = run(TOOLS / "clairvoyance", *credential, "-w", words, "-o", found, server.graphql)
    assert not found.exists()
    # Knowing every name beforehand it cannot confirm one: no error says what a name is.
    assert "Unable to get TypeRef" in done.stdout + done.stderr


def test_python_packages_have_no_known_vulnerability() -> None:
    options = ("--no-deps", "--disable-pip", "--format", "json", "--progress-spinner", "off")
    done = run(TOOLS / "pip-audit", "--requirement", "requirements.txt", *options)
    if not done.stdout.startswith("{"):
        skip_without_advisories(done.stderr.strip().splitlines()[-1][:200])
    packages = json.loads(done.stdout)["dependencies"]
    audited = [package for package in packages if "skip_reason" not in package]
    if not audited:
        skip_without_advisories("the package index here has no advisories")
    assert [(package["name"], package["vulns"]) for package in audited if package["vulns"]] == []
    assert len(audited) == len(packages)


@pytest.mark.parametrize("project", NPM_PROJECTS)
def test_npm_packages_have_no_known_vulnerability(project: str) -> None:
    npm = shutil.which("npm") or pytest.skip("npm is not installed")
    report = json.loads(run(npm, "audit", "--json", "--package-lock-only", cwd=ROOT / project).stdout or "{}")
    if "metadata" not in report:
        reason = report.get("message") or report.get("error", {}).get("summary") or "no answer"
        skip_without_advisories(f"npm audit: {str(reason)[:200]}")
    counts = report["metadata"]["vulnerabilities"]
    assert counts["total"] == 0, json.dumps(report["vulnerabilities"], indent=1)[:3000]
