"""Languages: two-letter codes of ISO 639-1, as pycountry lists them."""

import re
from functools import cache
from typing import Annotated, Final, TypeAlias

import pycountry
from pydantic import AfterValidator

# As RFC 5646 writes tags (fr-CA, zh-Hant-TW), or as POSIX does (fr_CA). Letters of other alphabets that are Latin ones
# in lower case, such as the sign of kelvin, are none here.
_TAG_FORMAT: Final = re.compile(r"([A-Za-z]{2})(?:[-_][A-Za-z0-9]{1,8})*", re.ASCII)
_MAX_TAG_LENGTH: Final = 1024


@cache
def _iso_639_1_codes() -> frozenset[str]:
    return frozenset(language.alpha_2 for language in pycountry.languages if hasattr(language, "alpha_2"))


def parse_language(text: str) -> str | None:
    """The code in lower case, without a region, a script or what else a tag says: `fr-CA` and `FR` give `fr`.

    Null where ISO 639-1 has no such code.
    """
    found = _TAG_FORMAT.fullmatch(text) if len(text) <= _MAX_TAG_LENGTH else None
    code = None if found is None else found[1].lower()
    return code if code in _iso_639_1_codes() else None


def validate_language(text: str) -> str:
    """The same of a text that must have one.

    Raises:
        ValueError: ISO 639-1 has no such code.
    """
    code = parse_language(text)
    if code is None:
        raise ValueError("not a language code of ISO 639-1, such as en or fr-CA")
    return code


Language: TypeAlias = Annotated[str, AfterValidator(validate_language)]
