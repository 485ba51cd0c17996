"""Imports go one way: nobody looks up, and the transport knows nothing of sessions."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.project.source_tree import ROOT, python_files

ALLOWED_IMPORTS: Final[dict[str, set[str]]] = {
    "models": set(),
    "resolvers": {"models"},
    "schema": {"models", "resolvers"},
    "transport": set(),
    "web": set(),
    "main.py": {"models", "resolvers", "schema", "transport", "web", "bench"},
}
"""What each floor may import of the others. The command line reaches for the demo only when it is asked for."""

PROJECT_PACKAGES: Final = {"models", "resolvers", "schema", "transport", "web", "main", "bench", "tests"}


def imported_packages(path: Path) -> Iterator[str]:
    """The packages that a file imports, wherever in it."""
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            yield str(node.module).partition(".")[0]


@pytest.mark.parametrize("floor", ALLOWED_IMPORTS)
def test_a_floor_imports_only_what_lies_below_it(floor: str) -> None:
    files = python_files(floor)
    assert files
    upwards = {
        (str(path), name)
        for path in files
        for name in imported_packages(path)
        if name in PROJECT_PACKAGES - ALLOWED_IMPORTS[floor] - {floor.removesuffix(".py")}
    }
    assert upwards == set()


def test_no_floor_speaks_graphql_but_the_upper_two() -> None:
    below = {(str(path), name) for path in python_files("models", "web") for name in imported_packages(path)}
    assert {(path, name) for path, name in below if name in ("graphql", "strawberry")} == set()


def test_nothing_but_the_tests_imports_tests() -> None:
    others = python_files(*ALLOWED_IMPORTS, "bench")
    assert [str(path) for path in others if "tests" in imported_packages(path)] == []
