"""Options for tokens: problems of those of `token create`, and the file that holds a secret."""

import re
from collections.abc import Iterable
from typing import Annotated, Final, TextIO, TypeAlias

import typer

from models.problems import Problem
from resolvers.command_line.console import exit_with_error

OPTIONS: Final = {
    "name": "--name",
    "scopes": "--scope",
    "projectIds": "--project",
    "kinds": "--kind",
    "origins": "--origin",
    "expiresAt": "--days",
}
"""By the fields of a new token."""

TokenFileOption: TypeAlias = Annotated[
    typer.FileText | None,
    typer.Option(encoding="latin-1", help="File with the secret of a token, if the server requires one."),
]


def problem_lines(problems: Iterable[Problem]) -> str:
    """Return a line for each problem."""
    return "\n".join(f"{OPTIONS[problem.path[1]]}: {problem.message}" for problem in problems)


def read_secret(file: TextIO) -> str:
    """Read the secret of a token, or exit with a line that does not quote the file."""
    secret = file.read().strip()
    if not re.fullmatch(r"[!-~]+", secret):
        exit_with_error("--token-file: the file must have the secret of a token, and nothing else")
    return secret
