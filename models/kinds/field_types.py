"""Languages: two-letter codes of ISO 639-1, as pycountry lists them."""

import re
from functools import cache
from typing import Annotated, Final, TypeAlias

import pycountry
from pydantic import AfterValidator

# As RFC 5646 writes tags (fr-CA, zh-Hant-TW), or as POSIX does (fr_CA). Letters of other alphabets that are Latin ones
# in lower case, such as the sign of kelvin, are none here.
_FORM: Final = re.compile(r"([A-Za-z]{2})(?:[-_][A-Za-z0-9]{1,8})*", re.ASCII)
_LONGEST: Final = 1024


@cache
def _codes() -> frozenset[str]:
    return frozenset(language.alpha_2 for language in pycountry.languages if hasattr(language, "alpha_2"))


def find_code(text: str) -> str | None:
    """The code in lower case, without a region, a script or what else a tag says: `fr-CA` and `FR` give `fr`.

    Null where ISO 639-1 has no such code.
    """
    form = _FORM.fullmatch(text) if len(text) <= _LONGEST else None
    code = None if form is None else form[1].lower()
    return code if code in _codes() else None


def language_code(text: str) -> str:
    """The same of a text that must have one.

    Raises:
        ValueError: ISO 639-1 has no such code.
    """
    code = find_code(text)
    if code is None:
        raise ValueError("not a language code of ISO 639-1, such as en or fr-CA")
    return code


Language: TypeAlias = Annotated[str, AfterValidator(language_code)]
