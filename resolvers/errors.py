"""Errors of an operation, as clients see them. Invalid content of a mutation's input is a `models.problems.Problem`."""

from typing import Any, ClassVar

from models.enums import ProblemCode


class DomainError(Exception):
    """A GraphQL error whose message and `extensions.code` reach the client unmasked."""

    code: ClassVar[str]

    @property
    def extensions(self) -> dict[str, Any]:
        return {"code": self.code}


class BadUserInput(DomainError):
    """The value of an argument is not allowed."""

    code = ProblemCode.BAD_USER_INPUT.value


class Forbidden(DomainError):
    """The caller lacks a scope."""

    code = ProblemCode.FORBIDDEN.value
