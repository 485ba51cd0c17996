"""Languages: the codes of ISO 639-1, in whatever form devices write them, and nothing else."""

import string
from itertools import product
from typing import Final

import pycountry
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models.kinds.field_types import validate_language

CODES: Final = frozenset(
    """aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo
    es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg
    ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn
    no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so sq sr ss st su sv sw
    ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu""".split()  # noqa: SIM905 - 184 quotation marks would say no more
)
"""All that the standard has assigned, `sh` among them, which it gave up for its parts, and devices still send."""

PAIRS: Final = ["".join(pair) for pair in product(string.ascii_lowercase, repeat=2)]
SUBTAGS: Final = st.text(string.ascii_letters + string.digits, min_size=1, max_size=8)
REGIONS: Final = st.lists(st.tuples(st.sampled_from("-_"), SUBTAGS).map("".join), max_size=3).map("".join)


def is_rejected(text: str) -> bool:
    try:
        validate_language(text)
    except ValueError as error:
        return str(error) == "not a language code of ISO 639-1, such as en or fr-CA"
    return False


def test_of_all_pairs_of_letters_those_184_are_languages_that_the_standard_names() -> None:
    assert len(CODES) == 184
    assert {pair for pair in PAIRS if not is_rejected(pair)} == CODES
    assert {validate_language(code) for code in CODES} == CODES


@given(st.sampled_from(sorted(CODES)), st.booleans(), st.booleans(), REGIONS)
@example("zh", False, False, "-Hant-TW")
@example("de", False, False, "-DE-u-co-phonebk")
@example("sr", True, False, "_Latn_RS")
def test_case_does_not_matter_and_a_region_is_cut_off(code: str, first: bool, second: bool, region: str) -> None:
    given_as = (code[0].upper() if first else code[0]) + (code[1].upper() if second else code[1])
    assert validate_language(given_as + region) == code


def test_codes_of_three_letters_are_refused_also_those_of_languages_that_have_one_of_two() -> None:
    longer = {language.alpha_3 for language in pycountry.languages}
    longer |= {language.bibliographic for language in pycountry.languages if hasattr(language, "bibliographic")}
    assert {"fra", "fre", "deu", "ger", "eng"} <= longer
    assert [code for code in sorted(longer) if not is_rejected(code) or not is_rejected(f"{code}-CA")] == []


@pytest.mark.parametrize(
    "text",
    [
        *["", " ", "e", "french", "fr ", " fr", "fr\n", "\tfr", "f r", "fr CA", "fr,CA", "fr;q=0.9", "fr/CA"],
        *["fr-", "fr_", "-fr", "fr--CA", "fr-CA-", "fr-CA ", "fr-CÄ", "fr-123456789", "fr.UTF-8", "*", "C", "root"],
        # Letters that are others in lower case, and such as only look alike.
        *["\u212ao", "\u212a\u212a", "\u017fv", "\u0130t", "ｆｒ", "fr\u0301", "\u0435n", "fr\u200b", "f\u00adr"],
        *["xx", "qaa", "und", "mul", "iw", "in", "ji", "mo", "bh"],
        *["fr-" + "x" * 1_000_000, "f" * 1_000_000],
    ],
)
def test_everything_else_is_refused(text: str) -> None:
    assert is_rejected(text)


@given(st.text(max_size=12))
def test_whatever_is_taken_begins_with_a_code_and_says_nothing_else_of_the_language(text: str) -> None:
    if not is_rejected(text):
        assert validate_language(text) == text[:2].lower()
        assert text.isascii()
        assert text[2:3] in ("", "-", "_")
