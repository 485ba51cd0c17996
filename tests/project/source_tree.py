"""The tracked files of the project, and which of its modules import which."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PACKAGES: Final = ("models", "resolvers", "schema", "transport", "web")


@cache
def tracked_files() -> tuple[Path, ...]:
    """Every tracked file that exists, relative to the root; vendored and generated ones too."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True)
    return tuple(path for name in listed.stdout.split("\0") if name and (ROOT / (path := Path(name))).is_file())


def python_files(*packages: str) -> list[Path]:
    """The Python files below some top-level folders, or of these names."""
    return [path for path in tracked_files() if path.suffix == ".py" and path.parts[0] in packages]


@cache
def read(path: Path) -> str | None:
    """The text of a file; None if it is binary."""
    try:
        return (ROOT / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


@cache
def syntax_tree(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


def imported_names(path: Path) -> Iterator[str]:
    """The full names that a file imports, wherever in it, under TYPE_CHECKING too: `a.b.C` for `from a.b import C`."""
    for node in ast.walk(syntax_tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def module_name(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def import_graph(*packages: str) -> dict[str, set[str]]:
    """The modules of some packages and the modules among them that each imports."""
    files = {module_name(path): path for path in python_files(*packages)}
    graph: dict[str, set[str]] = {}
    for module, path in files.items():
        names = {name if name in files else name.rpartition(".")[0] for name in imported_names(path)}
        graph[module] = names & files.keys() - {module}
    return graph
