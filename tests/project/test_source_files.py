"""What every tracked file keeps to: sizes, formatting, pinned requirements, no trace of one machine."""

import ast
import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.project.source_tree import PACKAGES, ROOT, python_files, read, syntax_tree, tracked_files

MAX_FILE_LINES: Final = 400
MAX_FUNCTION_LINES: Final = 40

EXTERNAL: Final = ("web/vendor/", "web/static/")

LINE_BUDGETS: Final = {
    (*PACKAGES, "main.py"): 33_100,
    ("bench", "demo"): 6_000,
    ("tests",): 50_600,
}
"""The most lines of Python each part may have: growth is a decision, not an accident."""

FORBIDDEN: Final = {
    "a path of one machine": re.compile(
        r"(?<![\w.~*])/(?:" + "|".join(("work", "root", "home", "Users", "tmp")) + r")/\w"
    ),
    "a package registry": re.compile(r"registry\." + r"npmjs|pypi" + r"\.org|files\.python" + r"hosted"),
    "an address in a lock file": re.compile(r'"resol' + r'ved":'),
    "an unresolved conflict": re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE),
}


def line_count(path: Path) -> int:
    return len((read(path) or "").splitlines())


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(syntax_tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The lines of a function below its signature and docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return 0 if not body else (function.end_lineno or 0) - body[0].lineno + 1


def test_files_are_short() -> None:
    lengths = {str(path): line_count(path) for path in python_files(*PACKAGES, "main.py", "demo", "bench", "tests")}
    assert len(lengths) > 400
    assert {path: lines for path, lines in lengths.items() if lines > MAX_FILE_LINES} == {}


def test_functions_are_short() -> None:
    found = [
        (str(path), function.name, code_lines(function))
        for path in python_files(*PACKAGES, "main.py", "demo", "bench")
        if "versions" not in path.parts  # a migration is a list of statements
        for function in functions(path)
    ]
    assert len(found) > 1_000
    assert [each for each in found if each[2] > MAX_FUNCTION_LINES] == []


@pytest.mark.parametrize("packages", LINE_BUDGETS)
def test_code_stays_within_its_line_budget(packages: tuple[str, ...]) -> None:
    total = sum(line_count(path) for path in python_files(*packages))
    assert 1_000 < total <= LINE_BUDGETS[packages]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_names_the_machine_it_was_made_on(what: str) -> None:
    own = [path for path in tracked_files() if not str(path).startswith(EXTERNAL)]
    assert [str(path) for path in own if FORBIDDEN[what].search(read(path) or "")] == []


def test_every_requirement_is_pinned() -> None:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    required = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    assert len(required) > 30
    pinned = re.compile(r"[a-z0-9][a-z0-9._-]*(\[[a-z,]+\])?==[^=\s]+( ; .*)?$")
    assert [line for line in required if not pinned.match(line)] == []


def test_every_dependency_has_a_pinned_requirement() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    declared = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    pinned = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    names = [re.split(r"[\[<>=~]", requirement)[0] for requirement in declared]
    assert len(names) > 10
    assert [name for name in names if re.search(rf"^{name}(\[.*\])?==", pinned, re.MULTILINE) is None] == []


def test_ci_runs_all_tests() -> None:
    script = ROOT / ".ci" / "run"
    commands = [line.strip() for line in script.read_text(encoding="utf-8").splitlines()]
    assert os.access(script, os.X_OK)
    assert {"make test", "make test-clients", "make test-security", "set -euo pipefail"} <= set(commands)


def test_make_test_checks_format_lint_and_types() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"^test: check$", makefile, re.MULTILINE)
    for command in ("ruff format --check .", "ruff check .", "mypy", "pytest -m"):
        assert f"$(BIN)/{command}" in makefile
    configured = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert 'filterwarnings = ["error"]' in configured
    assert re.search(r"\[tool.mypy\][^[]*strict = true", configured)
