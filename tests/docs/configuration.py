"""Generator of docs/configuration.md: `python -m tests.docs.configuration`."""

import ast
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final

from main import Settings
from transport import settings as transport_settings
from transport.settings import Limits
from transport.settings_text import markdown_table, settings_table

PAGE: Final = Path(__file__).parents[2] / "docs" / "configuration.md"

INTRODUCTION: Final = """# Configuration

<!-- Generated from the settings: make docs -->

Settings are environment variables. The options of `main.py serve` override them: `--host`, `--port`, `--database` and
`--insecure`. Invalid values stop the start with exit code 2 and one line for each.
"""


def render() -> str:
    """Render the page from the settings and their descriptions."""
    limits = (
        (f"LIMITS__{name.upper()}", getattr(Limits(), name), text) for name, text in _attribute_docstrings("Limits")
    )
    return "\n".join((INTRODUCTION, settings_table(Settings), "## Limits", "", markdown_table("limit", limits)))


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
