"""Who may do what. The project is the wall: every statement begins with `in_reach`."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, true

from models.enums import Scope
from resolvers.errors import Forbidden


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever sent the operation."""

    id: str
    """The id of its token; empty where the server asks for none."""
    name: str
    scopes: frozenset[Scope]
    project_ids: frozenset[str] | None
    """The projects it reaches; null: all of them."""

    def can_access(self, project_id: str) -> bool:
        """Whether the caller's projects include this one."""
        return self.project_ids is None or project_id in self.project_ids


LOCAL_ADMIN: Final = Caller(id="", name="local", scopes=frozenset(Scope), project_ids=None)
"""The caller while the server asks for no token: it then listens on this machine only."""


def project_condition(caller: Caller, project_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """The condition that a row is in the caller's projects: the first WHERE of every statement."""
    return true() if caller.project_ids is None else project_id.in_(sorted(caller.project_ids))


def require(caller: Caller, *scopes: Scope) -> None:
    """Refuse a caller that has none of `scopes`.

    Raises:
        Forbidden: with the scopes that would do.
    """
    if not caller.scopes.intersection(scopes):
        raise Forbidden(f"this needs the scope {' or '.join(scopes)}")
