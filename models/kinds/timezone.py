"""Time zones as devices name them: kept as given, checked for their form only."""

import re
from functools import cache
from typing import Annotated, Final, TypeAlias
from zoneinfo import available_timezones

from pydantic import AfterValidator

# The documentation of the system that CLIENT comes from prints -8000, which no clock shows: the form is
# checked, not the hour.
_OFFSET_FORMAT: Final = re.compile(r"[+-]?\d{4}|[+-]\d{2}:\d{2}|Z", re.ASCII)


# Beside the names of IANA a machine may have a file for its own zone, which says nothing of the device's.
_LOCALTIME: Final = "localtime"


@cache
def _iana_names() -> frozenset[str]:
    return frozenset(available_timezones() - {_LOCALTIME})


def validate_timezone(text: str) -> str:
    """The text itself, where it has the form of a time zone.

    Raises:
        ValueError: it is neither an offset nor an IANA name.
    """
    if _OFFSET_FORMAT.fullmatch(text) is None and text not in _iana_names():
        raise ValueError("not a time zone: ±HHMM, HHMM, ±HH:MM, Z or an IANA name such as Europe/Paris")
    return text


Timezone: TypeAlias = Annotated[str, AfterValidator(validate_timezone)]
