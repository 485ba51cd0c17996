"""Errors of an operation, as clients see them. Invalid content of a mutation's input is a `models.problems.Problem`."""

from collections.abc import Sequence
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

    def __init__(self, message: str, input_path: Sequence[str] = ()) -> None:
        """
        Args:
            message: what is allowed.
            input_path: the argument, and the fields in it, that lead to the value.
        """
        super().__init__(f"{'.'.join(input_path)}: {message}" if input_path else message)
        self.input_path = input_path

    @property
    def extensions(self) -> dict[str, Any]:
        return super().extensions | ({"inputPath": [*self.input_path]} if self.input_path else {})


class Unauthenticated(DomainError):
    """The credential is missing or not valid."""

    code = "UNAUTHENTICATED"


class CredentialsUnverifiable(DomainError):
    """The credential cannot be checked at the moment."""

    code = "SERVICE_UNAVAILABLE"

    @property
    def extensions(self) -> dict[str, Any]:
        return super().extensions | {"retryable": True}


class Forbidden(DomainError):
    """The caller lacks a scope."""

    code = ProblemCode.FORBIDDEN.value
