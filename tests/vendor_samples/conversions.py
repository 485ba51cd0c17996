"""How a printed value of another system reads here."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from models.ids import is_generated_id

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Conversion:
    """What is printed goes in and comes out as it is."""

    def to_input(self, printed: Any) -> Any:
        """What a start says."""
        return printed

    def matches(self, printed: Any, shown: Any) -> bool:
        """Whether that is what the answer shows."""
        return bool(self.to_input(printed) == shown)


class IdToText(Conversion):
    """A number there; ids are text here."""

    def to_input(self, printed: Any) -> Any:
        return str(printed)


class GeneratedId(Conversion):
    """An id that the server makes: this one makes another."""

    def matches(self, printed: Any, shown: Any) -> bool:
        return bool(printed) and is_generated_id(shown)


class Timestamp(Conversion):
    """A moment, in whatever form: RFC 3339 in UTC here, cut to the millisecond."""

    def __init__(self, read: Callable[[Any], datetime]) -> None:
        self._read = read

    def to_input(self, printed: Any) -> Any:
        return self._read(printed).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class IntegerText(Conversion):
    """A whole number that is text on its way in."""

    def matches(self, printed: Any, shown: Any) -> bool:
        return bool(int(printed) == shown)


class FixedOutput(Conversion):
    """What comes out is known beforehand, whatever is printed."""

    def __init__(self, shown: Any) -> None:
        self._shown = shown

    def matches(self, printed: Any, shown: Any) -> bool:
        return bool(printed != shown and self._shown == shown)


UNCHANGED: Final = Conversion()
ID_TO_TEXT: Final = IdToText()
GENERATED_ID: Final = GeneratedId()
INTEGER_TEXT: Final = IntegerText()
UTC_TEXT: Final = Timestamp(lambda text: datetime.fromisoformat(text).replace(tzinfo=UTC))
"""Text without an offset, or with `+0000`: both mean UTC there."""
UNIX_SECONDS: Final = Timestamp(lambda number: _EPOCH + timedelta(seconds=number))
UNIX_MILLISECONDS: Final = Timestamp(lambda number: _EPOCH + timedelta(milliseconds=number))
