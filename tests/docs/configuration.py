"""Generator of docs/configuration.md: `python -m tests.docs.configuration`."""

import ast
from collections.abc import Iterator
from enum import Enum
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from main import Settings
from transport import settings as transport_settings
from transport.settings import Limits

PAGE: Final = Path(__file__).parents[2] / "docs" / "configuration.md"

INTRODUCTION: Final = """# Configuration

<!-- Generated from the settings: make docs -->

Settings are environment variables. The options of `main.py serve` override them: `--host`, `--port`, `--database` and
`--insecure`. An invalid value stops the start with a one-line error.
"""


def render() -> str:
    """Render the page from the settings and their descriptions."""
    settings = [
        (name.upper() + ("__…" if name == "limits" else ""), _default(field.default), str(field.description))
        for name, field in sorted(Settings.model_fields.items())
    ]
    limits = [
        (f"LIMITS__{name.upper()}", f"`{getattr(Limits(), name)}`", text)
        for name, text in _attribute_docstrings("Limits")
    ]
    return "\n".join((INTRODUCTION, *_table("setting", settings), "", "## Limits", "", *_table("limit", limits), ""))


def _table(heading: str, rows: list[tuple[str, str, str]]) -> Iterator[str]:
    yield f"| {heading} | default | description |"
    yield "|---|---|---|"
    for name, default, description in rows:
        yield f"| `{name}` | {default} | {description} |"


def _default(value: Any) -> str:
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, Enum):
        return f"`{value.value}`"
    return f"`{value}`" if value not in (None, "", ()) and not isinstance(value, Limits) else ""


def _attribute_docstrings(class_name: str) -> Iterator[tuple[str, str]]:
    """Yield the fields of a class in `transport/settings.py` with the strings that follow them."""
    module = ast.parse(Path(str(transport_settings.__file__)).read_text(encoding="utf-8"))
    (body,) = [node.body for node in module.body if isinstance(node, ast.ClassDef) and node.name == class_name]
    for field, text in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            assert isinstance(field.target, ast.Name)
            yield field.target.id, " ".join(str(text.value.value).split())


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
