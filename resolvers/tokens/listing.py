"""Tokens as rows of text, for the command line."""

from collections.abc import Iterable, Iterator
from typing import Final

from models.clock import Instant, to_rfc3339
from models.tables.rows import Token

HEADER: Final = (
    *("id", "name", "scopes", "state", "projects", "kinds", "origins"),
    *("created", "expires", "last used", "revoked"),
)
NONE: Final = "-"
ALL: Final = "all"


def rows(tokens: Iterable[Token], now: Instant) -> Iterator[tuple[str, ...]]:
    """Yield the columns of `HEADER` for each token; no text has a tab or a line break."""
    for token in tokens:
        lists = (token.project_ids, token.kinds, token.origins)
        times = (token.created_at, token.expires_at, token.last_used_at, token.revoked_at)
        yield (
            *(token.id, token.name, ",".join(token.scopes), _state(token, now)),
            *(ALL if values is None else ",".join(values) for values in lists),
            *(NONE if at is None else to_rfc3339(at) for at in times),
        )


def _state(token: Token, now: Instant) -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "expired" if token.expires_at is not None and token.expires_at <= now else "valid"
