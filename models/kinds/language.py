"""Languages: two-letter codes of ISO 639-1."""

from functools import cache
from typing import Annotated, TypeAlias

import pycountry
from pydantic import AfterValidator


@cache
def _codes() -> frozenset[str]:
    return frozenset(language.alpha_2 for language in pycountry.languages if hasattr(language, "alpha_2"))


def language_code(text: str) -> str:
    """The code in lower case, without a region: `fr-CA` and `FR` give `fr`.

    Raises:
        ValueError: ISO 639-1 has no such code.
    """
    code = text.replace("_", "-").partition("-")[0].lower()
    if code not in _codes():
        raise ValueError("not a language code of ISO 639-1, such as en or fr-CA")
    return code


Language: TypeAlias = Annotated[str, AfterValidator(language_code)]
