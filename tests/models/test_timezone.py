"""Time zones: offsets by their form, and the names of IANA."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.kinds.field_types import validate_timezone


def is_rejected(text: str) -> bool:
    try:
        validate_timezone(text)
    except ValueError as error:
        return "±HHMM" in str(error)
    return False


@given(st.from_regex(r"[+-]?[0-9]{4}|[+-][0-9]{2}:[0-9]{2}|Z", fullmatch=True))
def test_an_offset_of_the_right_form_is_kept_whatever_clock_shows_it(text: str) -> None:
    assert validate_timezone(text) == text


@pytest.mark.parametrize("text", ["Europe/Paris", "America/Argentina/Ushuaia", "UTC", "Etc/GMT+12", "GB", "EST5EDT"])
def test_the_names_of_iana_are_kept(text: str) -> None:
    assert validate_timezone(text) == text


@pytest.mark.parametrize(
    "text",
    [
        *["", " ", "z", "Z ", "Z\n", "0000\n", " 0000", "000", "00000", "+000", "--0000", "+-000", "+5:30", "05:30"],
        *["+0530:00", "+05:3", "\u22120800", "+٠٥٣٠", "１２３４", "UTC+1", "Mars/Crater", "europe/paris", "Europe/"],
        *["Europe", "../UTC", "/UTC", "UTC/", "./UTC", "Europe/Paris\x00", "posixrules", "posix/UTC", "tzdata.zi"],
        # Of the machine, not of the world: what it names depends on where the server stands.
        *["localtime"],
        *["x" * 1_000_000],
    ],
)
def test_everything_else_is_refused(text: str) -> None:
    assert is_rejected(text)
