"""How a printed value of another system reads here."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from models.ids import is_made_here

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Form:
    """What is printed goes in and comes out as it is."""

    def said(self, printed: Any) -> Any:
        """What a start says."""
        return printed

    def is_shown(self, printed: Any, shown: Any) -> bool:
        """Whether that is what the answer shows."""
        return bool(self.said(printed) == shown)


class Id(Form):
    """A number there; ids are text here."""

    def said(self, printed: Any) -> Any:
        return str(printed)


class OwnId(Form):
    """An id that the server makes: this one makes another."""

    def is_shown(self, printed: Any, shown: Any) -> bool:
        return bool(printed) and is_made_here(shown)


class Time(Form):
    """A moment, in whatever form: RFC 3339 in UTC here, cut to the millisecond."""

    def __init__(self, read: Callable[[Any], datetime]) -> None:
        self._read = read

    def said(self, printed: Any) -> Any:
        return self._read(printed).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Number(Form):
    """A whole number that is text on its way in."""

    def is_shown(self, printed: Any, shown: Any) -> bool:
        return bool(int(printed) == shown)


class Answered(Form):
    """What comes out is known beforehand, whatever is printed."""

    def __init__(self, shown: Any) -> None:
        self._shown = shown

    def is_shown(self, printed: Any, shown: Any) -> bool:
        return bool(printed != shown and self._shown == shown)


SAME: Final = Form()
ID: Final = Id()
OWN_ID: Final = OwnId()
NUMBER: Final = Number()
UTC_TEXT: Final = Time(lambda text: datetime.fromisoformat(text).replace(tzinfo=UTC))
"""Text without an offset, or with `+0000`: both mean UTC there."""
UNIX_SECONDS: Final = Time(lambda number: _EPOCH + timedelta(seconds=number))
UNIX_MILLISECONDS: Final = Time(lambda number: _EPOCH + timedelta(milliseconds=number))
