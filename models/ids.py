"""Ids: a prefix for the type, then 128 random bits, so that ids cannot be guessed."""

import re
import secrets
from typing import Final

SESSION: Final = "s_"
ACTIVITY: Final = "a_"
ATTACHMENT: Final = "f_"
AUDIT_ENTRY: Final = "e_"
DATABASE: Final = "d_"
TOKEN: Final = "t_"  # noqa: S105 - a prefix

ID_LENGTH: Final = 24
"""Characters of every id."""
_RANDOM_BYTES: Final = 16  # an id is a capability: a WRITE token may act on the sessions whose id it knows
_ID_FORMAT: Final = re.compile(r"[a-z]_[A-Za-z0-9_-]{22}", re.ASCII)


def new_id(prefix: str) -> str:
    return prefix + secrets.token_urlsafe(_RANDOM_BYTES)


def is_generated_id(text: str) -> bool:
    """Check for the format of `new_id`, which project ids, chosen by callers, must not have."""
    return _ID_FORMAT.fullmatch(text) is not None
