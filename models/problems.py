"""Problems of a mutation's input, as clients receive them."""

import json
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from models.enums import ProblemCode

MAX_QUOTED: Final = 60
"""Characters of a value in a message."""


class Problem(NamedTuple):
    """Something in the input that the caller can act on; `path` has the names that clients write."""

    path: tuple[str, ...]
    message: str
    code: ProblemCode = ProblemCode.BAD_USER_INPUT

    def prefixed(self, *prefix: str) -> "Problem":
        return self._replace(path=prefix + self.path)


def prefix_paths(problems: Iterable[Problem], *prefix: str) -> list[Problem]:
    return [problem.prefixed(*prefix) for problem in problems]


def quote(value: Any) -> str:
    """Print a value for a message as its sender wrote it, in JSON; long text is cut, and what has parts is named."""
    if isinstance(value, str):
        return json.dumps(value if len(value) <= MAX_QUOTED else f"{value[:MAX_QUOTED]}…", ensure_ascii=False)
    if isinstance(value, float) and value.is_integer():  # GraphQL has made it a Float: the sender may have written 5
        value = int(value)
    if value is None or isinstance(value, bool | int | float):
        return json.dumps(value)[:MAX_QUOTED]
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    return "a file"
