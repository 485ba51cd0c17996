"""Secrets of tokens: `sgt_`, 40 random characters, and a checksum of 6.

By the prefix and the checksum, scanners recognise a secret that was published by mistake. The first 8 random characters
find the row; the other 32 have 190 bits, of which only the SHA-256 of the whole is stored.
"""

import hashlib
import re
import secrets
import string
from typing import Final
from zlib import crc32

PREFIX: Final = "sgt_"
LOOKUP_LENGTH: Final = 8

_ALPHABET: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM_LENGTH: Final = 40
_CHECKSUM_LENGTH: Final = 6
_FORMAT: Final = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{_RANDOM_LENGTH + _CHECKSUM_LENGTH}}}", re.ASCII)


def new_secret() -> str:
    body = PREFIX + "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM_LENGTH))
    return body + _checksum(body)


def is_well_formed(text: str) -> bool:
    """Check format and checksum: a mistyped secret needs no read of the database."""
    return _FORMAT.fullmatch(text) is not None and _checksum(text[:-_CHECKSUM_LENGTH]) == text[-_CHECKSUM_LENGTH:]


def lookup_of(secret: str) -> str:
    """Return the part by which the row is found."""
    return secret[len(PREFIX) :][:LOOKUP_LENGTH]


def digest(secret: str) -> bytes:
    # No slow hash: 190 random bits cannot be guessed.
    return hashlib.sha256(secret.encode()).digest()


def _checksum(body: str) -> str:
    number, digits = crc32(body.encode()), ""
    for _ in range(_CHECKSUM_LENGTH):
        number, digit = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits
