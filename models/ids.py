"""Names of things: a prefix that tells what it is, then 128 random bits."""

import re
import secrets
from typing import Final

SESSION: Final = "s_"
ACTIVITY: Final = "a_"
ATTACHMENT: Final = "f_"
DATABASE: Final = "d_"

_RANDOM_BYTES: Final = 16
_ID_FORMAT: Final = re.compile(r"[a-z]_[A-Za-z0-9_-]{22}", re.ASCII)


def new_id(prefix: str) -> str:
    """A new id, for example `s_` and 22 base64url characters: nobody can guess it."""
    return prefix + secrets.token_urlsafe(_RANDOM_BYTES)


def is_generated_id(text: str) -> bool:
    """Whether `text` has the shape of an id from `new_id`; the ids of projects, which callers choose, must not."""
    return _ID_FORMAT.fullmatch(text) is not None
