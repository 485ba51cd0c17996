"""What a caller can grant: a token is never less restricted than the caller that creates it."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from models.clock import Instant, to_rfc3339
from models.enums import ProblemCode
from models.kinds.token import MAX_ITEMS, NewTokenFields
from models.problems import Problem, quote
from resolvers.access import Caller


def find_excess(
    caller: Caller, now: Instant, fields: NewTokenFields, known_projects: Collection[str]
) -> Iterator[Problem]:
    """Yield what the caller cannot grant.

    Args:
        caller: the caller that creates the token.
        now: the current time.
        fields: the input; its lists may be too long.
        known_projects: those of the input's projects that exist within the caller's.
    """
    yield from _not_granted("scopes", fields.scopes, caller.scopes)
    yield from _null_for_all("projectIds", fields.project_ids, caller.project_ids)
    for index, project_id in enumerate(fields.project_ids or ()):
        if index < MAX_ITEMS and project_id not in known_projects:
            # The same for a project of others and for none: it must not say which ids exist.
            message = f"must be the id of a project, not {quote(project_id)}"
            yield Problem(("projectIds", str(index)), message, ProblemCode.NOT_FOUND)
    for name, granted, own in (("kinds", fields.kinds, caller.kinds), ("origins", fields.origins, caller.origins)):
        yield from _null_for_all(name, granted, own)
        yield from _not_granted(name, granted or (), own)
    yield from _expiry_problems(caller, now, fields.expires_at)


def _null_for_all(name: str, granted: Sequence[Any] | None, own: Collection[Any] | None) -> Iterator[Problem]:
    if granted is None and own is not None:
        message = "must be some of the caller's, not null: that stands for all, and the caller has some only"
        yield Problem((name,), message, ProblemCode.FORBIDDEN)


def _not_granted(name: str, granted: Sequence[Any], own: Collection[Any] | None) -> Iterator[Problem]:
    for index, value in enumerate(granted):
        if own is not None and value not in own:
            message = f"must be one of the caller's {name}, not {quote(value)}"
            yield Problem((name, str(index)), message, ProblemCode.FORBIDDEN)


def _expiry_problems(caller: Caller, now: Instant, expires_at: Instant | None) -> Iterator[Problem]:
    if expires_at is not None and expires_at <= now:
        yield Problem(("expiresAt",), f"must be in the future, not {to_rfc3339(expires_at)}")
    if caller.grants_until is not None and (expires_at is None or expires_at > caller.grants_until):
        given = "null" if expires_at is None else to_rfc3339(expires_at)
        message = f"must be at most {to_rfc3339(caller.grants_until)}, when the caller's own access ends, not {given}"
        yield Problem(("expiresAt",), message, ProblemCode.FORBIDDEN)
