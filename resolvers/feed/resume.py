"""Resume tokens: positions in the log that clients hold as cursors."""

from dataclasses import dataclass
from typing import Final

from models.clock import MINUTE, Instant
from models.ids import DATABASE, is_generated_id
from resolvers.errors import BadUserInput
from resolvers.lifecycle.retention import TOMBSTONE_TTL_MS
from resolvers.pagination import cursors

TOKEN_TTL: Final = TOMBSTONE_TTL_MS - MINUTE
"""Maximum age, in milliseconds. Tombstones expire by the time in their entries, which may lie some seconds before the
commit, hence the minute."""

SNAPSHOT_INCOMPLETE: Final = "the snapshot was not complete"
OTHER_DATABASE: Final = "the cursor is of another database"
OTHER_FILTER: Final = "the cursor is of another filter"
TOO_OLD: Final = "the cursor is more than 7 days old"
BEYOND_LOG: Final = "the log does not reach as far as the cursor"


@dataclass(frozen=True, slots=True)
class LogPosition:
    """Position through which a client knows everything."""

    position: int
    """-1 in a part of a snapshot that is not the last: resuming from it starts over."""
    time: Instant
    """When the log ended there, or earlier."""


@dataclass(frozen=True, slots=True)
class ResumeToken:
    """Decoded cursor of a client."""

    database_id: str
    position: int
    fingerprint: str | None = None
    """Of the scope it was issued for; null for the cursor of an activity."""
    time: Instant | None = None
    """Null for the cursor of an activity."""

    def rejection(self, *, database_id: str, fingerprint: str | None, now: Instant) -> str | None:
        """Return why a stream cannot resume here, as far as the token alone can say; null if it can.

        Args:
            fingerprint: of the scope of the stream; null if any token will do.
        """
        if self.database_id != database_id:
            return OTHER_DATABASE
        if fingerprint is not None and self.fingerprint != fingerprint:
            return OTHER_FILTER
        if self.position < 0:
            return SNAPSHOT_INCOMPLETE
        return TOO_OLD if self.time is not None and now - self.time > TOKEN_TTL else None


def set_token(database_id: str, fingerprint: str, point: LogPosition) -> str:
    return cursors.encode(database_id, (point.position, fingerprint, point.time))


def log_token(database_id: str, position: int) -> str:
    """Encode the cursor of an activity."""
    return cursors.encode(database_id, (position,))


def parse(text: str) -> ResumeToken:
    """Decode the argument `after`.

    Raises:
        BadUserInput: it is not a cursor of a subscription or of an activity.
    """
    found = cursors.parse(text, [int, str, int]) or cursors.parse(text, [int])
    if found is None or not (found[0].startswith(DATABASE) and is_generated_id(found[0])):
        raise BadUserInput("is not a cursor of a subscription or of an activity", ("after",))
    return ResumeToken(found[0], *found[1])  # type: ignore[arg-type]  # parsed by these types
