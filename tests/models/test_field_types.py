"""Languages (ISO 639-1) and time zones (offsets, IANA names)."""

import string
from collections.abc import Callable
from itertools import product
from typing import Final

import pycountry
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models.kinds.field_types import validate_language, validate_timezone

CODES: Final = frozenset(
    """aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo
    es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg
    ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn
    no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so sq sr ss st su sv sw
    ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu""".split()  # noqa: SIM905 - 184 quotation marks would say no more
)
"""All assigned codes; `sh` is deprecated, but devices still send it."""

SUBTAGS: Final = st.text(string.ascii_letters + string.digits, min_size=1, max_size=8)
REGIONS: Final = st.lists(st.tuples(st.sampled_from("-_"), SUBTAGS).map("".join), max_size=3).map("".join)


def is_rejected(validate: Callable[[str], str], text: str) -> bool:
    try:
        validate(text)
    except ValueError as error:
        return any(part in str(error) for part in ("must be a language code of ISO 639-1", "±HHMM"))
    return False


def test_two_letter_languages_are_the_codes_of_iso_639_1() -> None:
    pairs = ["".join(pair) for pair in product(string.ascii_lowercase, repeat=2)]
    assert len(CODES) == 184
    assert {pair for pair in pairs if not is_rejected(validate_language, pair)} == CODES
    assert {validate_language(code) for code in CODES} == CODES


@given(st.sampled_from(sorted(CODES)), st.booleans(), st.booleans(), REGIONS)
@example("zh", False, False, "-Hant-TW")
@example("de", False, False, "-DE-u-co-phonebk")
@example("sr", True, False, "_Latn_RS")
def test_case_and_region_of_a_language_are_ignored(code: str, first: bool, second: bool, region: str) -> None:
    sent = (code[0].upper() if first else code[0]) + (code[1].upper() if second else code[1])
    assert validate_language(sent + region) == code


def test_three_letter_codes_are_rejected() -> None:
    codes = {language.alpha_3 for language in pycountry.languages}
    codes |= {language.bibliographic for language in pycountry.languages if hasattr(language, "bibliographic")}
    assert {"fra", "fre", "deu", "ger", "eng"} <= codes
    assert [text for code in codes for text in (code, f"{code}-CA") if not is_rejected(validate_language, text)] == []


@pytest.mark.parametrize(
    "text",
    [
        *["", " ", "e", "french", "fr ", " fr", "fr\n", "\tfr", "f r", "fr CA", "fr,CA", "fr;q=0.9", "fr/CA"],
        *["fr-", "fr_", "-fr", "fr--CA", "fr-CA-", "fr-CA ", "fr-CÄ", "fr-123456789", "fr.UTF-8", "*", "C", "root"],
        # Letters whose lower case is a Latin letter, and look-alikes.
        *["\u212ao", "\u212a\u212a", "\u017fv", "\u0130t", "ｆｒ", "fr\u0301", "\u0435n", "fr\u200b", "f\u00adr"],
        *["xx", "qaa", "und", "mul", "iw", "in", "ji", "mo", "bh"],
        *["fr-" + "x" * 1_000_000, "f" * 1_000_000],
    ],
)
def test_other_text_is_no_language(text: str) -> None:
    assert is_rejected(validate_language, text)


@given(st.text(max_size=12))
def test_accepted_language_starts_with_its_code(text: str) -> None:
    if not is_rejected(validate_language, text):
        assert validate_language(text) == text[:2].lower()
        assert text.isascii()
        assert text[2:3] in ("", "-", "_")


@given(st.from_regex(r"[+-]?[0-9]{4}|[+-][0-9]{2}:[0-9]{2}|Z", fullmatch=True) | st.sampled_from(["UTC", "GB"]))
@example("Europe/Paris")
@example("America/Argentina/Ushuaia")
@example("Etc/GMT+12")
@example("EST5EDT")
def test_offset_or_iana_name_is_kept_as_sent(text: str) -> None:
    assert validate_timezone(text) == text


@pytest.mark.parametrize(
    "text",
    [
        *["", " ", "z", "Z ", "Z\n", "0000\n", " 0000", "000", "00000", "+000", "--0000", "+-000", "+5:30", "05:30"],
        *["+0530:00", "+05:3", "\u22120800", "+٠٥٣٠", "１２３４", "UTC+1", "Mars/Crater", "europe/paris", "Europe/"],
        *["Europe", "../UTC", "/UTC", "UTC/", "./UTC", "Europe/Paris\x00", "posixrules", "posix/UTC", "tzdata.zi"],
        *["localtime", "x" * 1_000_000],
    ],
)
def test_other_text_is_no_time_zone(text: str) -> None:
    assert is_rejected(validate_timezone, text)
