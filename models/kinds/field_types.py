"""Field types with a validation of their own: HTML, languages, time zones."""

import re
from functools import cache
from typing import Annotated, Final, TypeAlias
from zoneinfo import available_timezones

import pycountry
from pydantic import AfterValidator, StringConstraints

from models.origins import normalize_origin
from models.problems import quote
from models.sanitizer import MAX_LENGTH, sanitize_html

Html: TypeAlias = Annotated[str, StringConstraints(max_length=MAX_LENGTH), AfterValidator(sanitize_html)]

# Tags of RFC 5646 (fr-CA, zh-Hant-TW) or POSIX (fr_CA). ASCII only: the lower case of the kelvin sign is a Latin k.
_TAG_FORMAT: Final = re.compile(r"([A-Za-z]{2})(?:[-_][A-Za-z0-9]{1,8})*", re.ASCII)
_MAX_TAG_LENGTH: Final = 1024

# The form is checked, not the hour: the API documentation of Roundware, which CLIENT comes from, prints -8000.
_OFFSET_FORMAT: Final = re.compile(r"[+-]?\d{4}|[+-]\d{2}:\d{2}|Z", re.ASCII)
# A file that some machines have beside the IANA names, for the server's own zone.
_LOCALTIME: Final = "localtime"


@cache
def _iso_639_1_codes() -> frozenset[str]:
    return frozenset(language.alpha_2 for language in pycountry.languages if hasattr(language, "alpha_2"))


def parse_language(text: str) -> str | None:
    """Return the ISO 639-1 code of a language tag, without region or script: `fr` for `fr-CA`. None if unknown."""
    tag = _TAG_FORMAT.fullmatch(text) if len(text) <= _MAX_TAG_LENGTH else None
    code = None if tag is None else tag[1].lower()
    return code if code in _iso_639_1_codes() else None


def validate_language(text: str) -> str:
    code = parse_language(text)
    if code is None:
        raise ValueError(f"must be a language code of ISO 639-1, such as en or fr-CA, not {quote(text)}")
    return code


@cache
def _iana_names() -> frozenset[str]:
    return frozenset(available_timezones() - {_LOCALTIME})


def validate_timezone(text: str) -> str:
    if _OFFSET_FORMAT.fullmatch(text) is None and text not in _iana_names():
        raise ValueError(f"must be ±HHMM, HHMM, ±HH:MM, Z or an IANA name such as Europe/Paris, not {quote(text)}")
    return text


Origin: TypeAlias = Annotated[str, AfterValidator(normalize_origin)]
Language: TypeAlias = Annotated[str, AfterValidator(validate_language)]
Timezone: TypeAlias = Annotated[str, AfterValidator(validate_timezone)]
