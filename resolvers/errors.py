"""What a caller can get wrong.

A `Problem` is part of a mutation's answer: the content of its input broke a rule. A `DomainError` is a GraphQL
error: everything else, and everything in queries.
"""

from typing import Any, ClassVar

from models.enums import ProblemCode


class DomainError(Exception):
    """An error that clients are meant to see: its message and `extensions.code` reach them as they are."""

    code: ClassVar[str]

    @property
    def extensions(self) -> dict[str, Any]:
        """What a GraphQL error shows of it."""
        return {"code": self.code}


class BadUserInput(DomainError):
    """An argument has a value that is not allowed."""

    code = ProblemCode.BAD_USER_INPUT.value


class NotFound(DomainError):
    """There is no such thing, or not for this caller: the two look the same."""

    code = ProblemCode.NOT_FOUND.value


class Forbidden(DomainError):
    """The caller lacks a scope."""

    code = ProblemCode.FORBIDDEN.value
