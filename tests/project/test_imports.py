"""Architecture: imports go one way, without cycles, and SQL stays in its modules."""

from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Final

import pytest

from tests.project.source_tree import PACKAGES, import_graph, imported_names, python_files

ALLOWED: Final[dict[str, set[str]]] = {
    "models": set(),
    "resolvers": {"models"},
    "schema": {"models", "resolvers", "transport"},
    "transport": set(),
    "web": set(),
    "main.py": {"models", "resolvers", "schema", "transport", "web", "demo"},
    "demo": {"models"},
    "bench": {"models", "resolvers", "schema", "transport", "demo", "main"},
}
"""The packages of the project that each may import. The command line imports the demo when `simulate` runs."""

OWN: Final = {"models", "resolvers", "schema", "transport", "web", "main", "demo", "bench", "tests"}

SQL_MODULES: Final = ("queries.py", "repository.py")
SQL_PACKAGES: Final = (Path("resolvers/filters"), Path("resolvers/pagination"))


def packages_imported_by(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in imported_names(path)}


@pytest.mark.parametrize("package", ALLOWED)
def test_package_imports_only_packages_below_it(package: str) -> None:
    files = python_files(package)
    assert files
    forbidden = OWN - ALLOWED[package] - {package.removesuffix(".py")}
    assert {str(path): names for path in files if (names := packages_imported_by(path) & forbidden)} == {}


def test_modules_import_each_other_without_cycles() -> None:
    graph = import_graph(*PACKAGES, "main.py", "demo", "bench")
    assert len(graph) > 200
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"an import cycle: {' → '.join(error.args[1])}")


def test_models_and_web_know_no_graphql() -> None:
    files = python_files("models", "web")
    assert [str(path) for path in files if packages_imported_by(path) & {"graphql", "strawberry"}] == []


def test_resolvers_import_sqlalchemy_only_in_sql_modules() -> None:
    outside = [
        path
        for path in python_files("resolvers")
        if path.name not in SQL_MODULES and not any(path.is_relative_to(package) for package in SQL_PACKAGES)
    ]
    assert len(outside) > 40
    assert [str(path) for path in outside if packages_imported_by(path) & {"sqlalchemy", "sqlmodel"}] == []
