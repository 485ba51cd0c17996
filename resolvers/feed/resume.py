"""Places in the log that clients hold as cursors, and whether a stream can go on from one."""

from dataclasses import dataclass
from typing import Final

from models.clock import MINUTE, Instant
from models.ids import DATABASE, is_made_here
from resolvers.errors import BadUserInput
from resolvers.lifecycle.due import GONE_KEPT
from resolvers.pagination import cursors

KEPT: Final = GONE_KEPT - MINUTE
"""How old a place may be, in milliseconds. A minute less than what the log remembers: it is cleared by the time that
entries bear, which may be some seconds before the commit that a cursor is read after."""

UNFINISHED: Final = "the snapshot was not complete"
OTHER_DATABASE: Final = "the cursor is of another database"
OTHER_FILTER: Final = "the cursor is of another filter"
TOO_OLD: Final = "the cursor is more than 7 days old"
AHEAD: Final = "the log does not reach as far as the cursor"


@dataclass(frozen=True, slots=True)
class Place:
    """A point of the log up to which a client knows everything."""

    position: int
    time: Instant
    """When the log ended there, or an earlier moment."""


@dataclass(frozen=True, slots=True)
class Given:
    """A cursor that a client gave."""

    database_id: str
    position: int
    set: str | None = None
    """The fingerprint of the set that it is of; null for a cursor of an activity."""
    time: Instant | None = None

    def fault(self, *, database_id: str, set_: str | None, now: Instant) -> str | None:
        """Why a stream can't go on from here; null where it can, as far as can be said without looking at the log.

        Args:
            database_id: the database that is read.
            set_: the fingerprint of the set that is wanted; null where any will do.
            now: the present.
        """
        if self.database_id != database_id:
            return OTHER_DATABASE
        if set_ is not None and self.set != set_:
            return OTHER_FILTER
        if self.position < 0:
            return UNFINISHED
        return TOO_OLD if self.time is not None and now - self.time > KEPT else None


def of_set(database_id: str, set_: str, place: Place) -> str:
    """The cursor of a place, for a stream of this set."""
    return cursors.encode(database_id, (place.position, set_, place.time))


def of_part(database_id: str, set_: str, place: Place) -> str:
    """A cursor for parts of a snapshot but the last: whoever holds no more than this has to begin afresh."""
    return cursors.encode(database_id, (-1, set_, place.time))


def of_log(database_id: str, position: int) -> str:
    """The cursor of a place in the log itself, as activities have it."""
    return cursors.encode(database_id, (position,))


def parse(text: str) -> Given:
    """What a client gives as `after`.

    Raises:
        BadUserInput: it is no cursor of a stream or of an activity.
    """
    of_stream = cursors.read(text, [int, str, int])
    found = of_stream or cursors.read(text, [int])
    if found is None or not (found[0].startswith(DATABASE) and is_made_here(found[0])):
        raise BadUserInput("after is not a cursor of a subscription or of an activity")
    return Given(found[0], *found[1])  # type: ignore[arg-type]  # the values were read by their types
