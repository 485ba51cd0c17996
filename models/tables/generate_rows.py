"""Generator of `rows.py`: `python -m models.tables.generate_rows`."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent
ROWS: Final = ("activity", "audit_entry", "data_point", "path_time", "project", "session", "token")
"""Tables whose rows resolvers work with; the others are read column by column."""

_HEADER: Final = '''"""Rows in memory, generated from the tables by `python -m models.tables.generate_rows`.

The fields stand in the order of the columns, so `Session(*row)` reads a row of `select(session)`. Instances of SQLModel
are instrumented: creating one takes longer than all other work on a row.
"""

from dataclasses import dataclass
from typing import Any

from models.clock import Instant
'''


def generate() -> str:
    return "\n\n".join([_HEADER, *map(_row_class, ROWS)])


def _row_class(table: str) -> str:
    name = "".join(word.capitalize() for word in table.split("_"))
    fields = "\n".join(f"    {field}" for field in _fields(FOLDER / f"{table}.py", f"{name}Table"))
    return f"@dataclass(slots=True)\nclass {name}:\n{fields}\n"


def _fields(file: Path, class_name: str) -> Iterator[str]:
    module = ast.parse(file.read_text())
    (table,) = [node for node in module.body if isinstance(node, ast.ClassDef) and node.name == class_name]
    for node in table.body:
        if isinstance(node, ast.AnnAssign):
            yield f"{ast.unparse(node.target)}: {ast.unparse(node.annotation)}"


if __name__ == "__main__":
    (FOLDER / "rows.py").write_text(generate())
