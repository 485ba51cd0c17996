"""Problems of a new token, by the options of `token create`."""

from collections.abc import Iterable
from typing import Final

from models.problems import Problem

OPTIONS: Final = {
    "name": "--name",
    "scopes": "--scope",
    "projectIds": "--project",
    "kinds": "--kind",
    "origins": "--origin",
    "expiresAt": "--days",
}
"""By the fields of a new token."""


def problem_lines(problems: Iterable[Problem]) -> str:
    """Return a line for each problem."""
    return "\n".join(f"{OPTIONS[problem.path[1]]}: {problem.message}" for problem in problems)
