"""Authorization: callers, scopes and projects."""

from dataclasses import dataclass
from typing import Final

from models.clock import Instant
from models.enums import Kind, Scope
from resolvers.errors import Forbidden


@dataclass(frozen=True, slots=True)
class Caller:
    id: str
    """Id of the credential; empty if none was needed."""
    name: str
    scopes: frozenset[Scope]
    project_ids: frozenset[str] | None
    """Accessible projects; None for all."""
    kinds: frozenset[Kind] | None = None
    """Kinds of sessions that it may start; None for all."""
    origins: frozenset[str] | None = None
    """Origins of the web pages that may use its credential; None for any program."""
    expires_at: Instant | None = None
    """End of its access; None for never."""

    @property
    def may_introspect(self) -> bool:
        """Whether it may read the schema in production mode."""
        return Scope.ADMIN in self.scopes

    @property
    def grants_until(self) -> Instant | None:
        """Latest expiry of tokens that it may create; None for never."""
        return self.expires_at

    @property
    def username(self) -> str | None:
        """Name of the user for which it acts; None if it is no user."""
        return None

    def can_access(self, project_id: str) -> bool:
        return self.project_ids is None or project_id in self.project_ids

    def can_start(self, kind: Kind) -> bool:
        return self.kinds is None or kind in self.kinds


def without_identity(caller: Caller) -> Caller:
    """Return the caller that stands for all with the same access to what there is."""
    return Caller("", "", caller.scopes, caller.project_ids)


LOCAL_ADMIN: Final = Caller(id="", name="local", scopes=frozenset(Scope), project_ids=None)
"""The caller of operations without a credential, while the server requires none."""


def require(caller: Caller, *scopes: Scope) -> None:
    """
    Raises:
        Forbidden: the caller has none of `scopes`.
    """
    if not caller.scopes.intersection(scopes):
        raise Forbidden(f"this needs the scope {' or '.join(scopes)}")


def require_all_projects(caller: Caller) -> None:
    """
    Raises:
        Forbidden: the caller may not read all projects.
    """
    require(caller, Scope.READ, Scope.ADMIN)
    if caller.project_ids is not None:
        raise Forbidden("this needs access to all projects")
