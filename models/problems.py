"""Problems of a mutation's input, as clients receive them."""

from collections.abc import Iterable
from typing import NamedTuple

from models.enums import ProblemCode


class Problem(NamedTuple):
    """Something in the input that the caller can act on; `path` has the names that clients write."""

    path: tuple[str, ...]
    message: str
    code: ProblemCode = ProblemCode.BAD_USER_INPUT

    def prefixed(self, *prefix: str) -> "Problem":
        return self._replace(path=prefix + self.path)


def prefix_paths(problems: Iterable[Problem], *prefix: str) -> list[Problem]:
    return [problem.prefixed(*prefix) for problem in problems]
