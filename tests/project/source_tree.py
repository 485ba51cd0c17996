"""The files of the project, as far as they are under version control."""

import subprocess
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
SOURCE_PACKAGES: Final = ("models", "resolvers", "schema", "transport", "web")


@cache
def tracked_files() -> tuple[Path, ...]:
    """All of them, relative to the root; what is made or foreign (vendored, locked) too."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True)
    return tuple(path for name in listed.stdout.split("\0") if name and (ROOT / (path := Path(name))).exists())


def python_files(*packages: str) -> list[Path]:
    """The Python files of some floors."""
    return [path for path in tracked_files() if path.suffix == ".py" and path.parts[0] in packages]


def read_text(path: Path) -> str | None:
    """What a file says; null where it is no text."""
    try:
        return (ROOT / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None
