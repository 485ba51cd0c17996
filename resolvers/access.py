"""Authorization: callers, scopes and projects."""

from dataclasses import dataclass
from typing import Final

from models.enums import Scope
from resolvers.errors import Forbidden


@dataclass(frozen=True, slots=True)
class Caller:
    id: str
    """Id of the token; empty if the server does not require tokens."""
    name: str
    scopes: frozenset[Scope]
    project_ids: frozenset[str] | None
    """Accessible projects; None for all."""

    def can_access(self, project_id: str) -> bool:
        return self.project_ids is None or project_id in self.project_ids


LOCAL_ADMIN: Final = Caller(id="", name="local", scopes=frozenset(Scope), project_ids=None)
"""The caller of every operation while the server does not require tokens, and listens on this machine only."""


def require(caller: Caller, *scopes: Scope) -> None:
    """
    Raises:
        Forbidden: the caller has none of `scopes`.
    """
    if not caller.scopes.intersection(scopes):
        raise Forbidden(f"this needs the scope {' or '.join(scopes)}")
