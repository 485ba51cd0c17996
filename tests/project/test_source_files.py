"""What every file of the project keeps to."""

import os
import re
import tomllib
from typing import Final

import pytest

from tests.project.source_tree import ROOT, SOURCE_PACKAGES, python_files, read_text, tracked_files

MAX_LINES: Final = 250
"""Lines of a file of code."""

VENDORED: Final = ("web/vendor/", "web/static/")
"""What others wrote, or a tool made of it."""

FORBIDDEN: Final = {
    "a path of one machine": re.compile(
        r"(?<![\w.~*])/(?:" + "|".join(("work", "root", "home", "Users", "tmp")) + r")/\w"
    ),
    "a package registry": re.compile(r"registry\." + r"npmjs|pypi" + r"\.org|files\.python" + r"hosted"),
    "an address in a lock file": re.compile(r'"resol' + r'ved":'),
    "a conflict that was not resolved": re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE),
}


def test_no_file_of_code_is_longer_than_anybody_reads() -> None:
    lengths = {str(path): len((read_text(path) or "").splitlines()) for path in python_files(*SOURCE_PACKAGES)}
    assert len(lengths) > 50
    assert {path: length for path, length in lengths.items() if length > MAX_LINES} == {}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_says_where_it_was_made(what: str) -> None:
    own = [path for path in tracked_files() if not str(path).startswith(VENDORED)]
    assert [str(path) for path in own if FORBIDDEN[what].search(read_text(path) or "")] == []


def test_every_requirement_is_pinned() -> None:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    required = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    assert len(required) > 30
    assert [
        line for line in required if re.match(r"[a-z0-9][a-z0-9._-]*(\[[a-z,]+\])?==[^=\s]+( ; .*)?$", line) is None
    ] == []


def test_every_dependency_is_among_the_requirements() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    declared = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    pinned = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    names = [re.split(r"[\[<>=~]", requirement)[0] for requirement in declared]
    assert len(names) > 10
    assert [name for name in names if re.search(rf"^{name}(\[.*\])?==", pinned, re.MULTILINE) is None] == []


def test_what_must_hold_before_a_change_lands_is_the_whole_of_the_tests() -> None:
    script = ROOT / ".ci" / "run"
    commands = [line.strip() for line in script.read_text(encoding="utf-8").splitlines()]
    assert os.access(script, os.X_OK)
    assert {"make test", "make test-clients", "set -euo pipefail"} <= set(commands)


def test_a_change_that_is_not_formatted_typed_or_tested_does_not_land() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"^test: check$", makefile, re.MULTILINE)
    for command in ("ruff format --check .", "ruff check .", "mypy", "pytest -m"):
        assert f"$(BIN)/{command}" in makefile
    configured = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert 'filterwarnings = ["error"]' in configured
    assert re.search(r"\[tool.mypy\][^[]*strict = true", configured)
