"""Places in the log that clients hold as cursors, and whether a stream can go on from one."""

from dataclasses import dataclass
from typing import Final

from models.clock import MINUTE, Instant
from models.ids import DATABASE, is_generated_id
from resolvers.errors import BadUserInput
from resolvers.lifecycle.due import TOMBSTONE_TTL_MS
from resolvers.pagination import cursors

TOKEN_TTL: Final = TOMBSTONE_TTL_MS - MINUTE
"""How old a place may be, in milliseconds. A minute less than what the log remembers: it is cleared by the time that
entries bear, which may be some seconds before the commit that a cursor is read after."""

SNAPSHOT_INCOMPLETE: Final = "the snapshot was not complete"
OTHER_DATABASE: Final = "the cursor is of another database"
OTHER_FILTER: Final = "the cursor is of another filter"
TOO_OLD: Final = "the cursor is more than 7 days old"
BEYOND_LOG: Final = "the log does not reach as far as the cursor"


@dataclass(frozen=True, slots=True)
class LogPosition:
    """A point of the log up to which a client knows everything."""

    position: int
    time: Instant
    """When the log ended there, or an earlier moment."""


@dataclass(frozen=True, slots=True)
class ResumeToken:
    """A cursor that a client gave."""

    database_id: str
    position: int
    fingerprint: str | None = None
    """The fingerprint of the set that it is of; null for a cursor of an activity."""
    time: Instant | None = None

    def rejection(self, *, database_id: str, fingerprint: str | None, now: Instant) -> str | None:
        """Why a stream can't go on from here; null where it can, as far as can be said without looking at the log.

        Args:
            database_id: the database that is read.
            set_: the fingerprint of the set that is wanted; null where any will do.
            now: the present.
        """
        if self.database_id != database_id:
            return OTHER_DATABASE
        if fingerprint is not None and self.fingerprint != fingerprint:
            return OTHER_FILTER
        if self.position < 0:
            return SNAPSHOT_INCOMPLETE
        return TOO_OLD if self.time is not None and now - self.time > TOKEN_TTL else None


def set_token(database_id: str, fingerprint: str, point: LogPosition) -> str:
    """The cursor of a place, for a stream of this set."""
    return cursors.encode(database_id, (point.position, fingerprint, point.time))


def partial_token(database_id: str, fingerprint: str, point: LogPosition) -> str:
    """A cursor for parts of a snapshot but the last: whoever holds no more than this has to begin afresh."""
    return cursors.encode(database_id, (-1, fingerprint, point.time))


def log_token(database_id: str, position: int) -> str:
    """The cursor of a place in the log itself, as activities have it."""
    return cursors.encode(database_id, (position,))


def parse(text: str) -> ResumeToken:
    """What a client gives as `after`.

    Raises:
        BadUserInput: it is no cursor of a stream or of an activity.
    """
    stream_token = cursors.parse(text, [int, str, int])
    found = stream_token or cursors.parse(text, [int])
    if found is None or not (found[0].startswith(DATABASE) and is_generated_id(found[0])):
        raise BadUserInput("after is not a cursor of a subscription or of an activity")
    return ResumeToken(found[0], *found[1])  # type: ignore[arg-type]  # the values were read by their types
