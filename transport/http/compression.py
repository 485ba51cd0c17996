"""gzip for long responses that are sent in one piece; streams are never compressed."""

import asyncio
import gzip
from functools import lru_cache, partial
from typing import Final

from transport.errors import Headers
from transport.http.negotiation import parse_quality

GZIP_LEVEL: Final = 3  # higher levels take twice the time and more for 5 % less JSON

# Length from which on compression runs in a thread: this much takes half a millisecond.
THREAD_BYTES: Final = 128 * 1024

GZIP_HEADERS: Final[Headers] = (("content-encoding", "gzip"),)


async def compress(accept_encoding: str, body: bytes) -> tuple[bytes, Headers]:
    """Compress a body if the header Accept-Encoding allows that. Returns it with the headers to add."""
    if not accepts_gzip(accept_encoding):
        return body, ()
    run_gzip = partial(gzip.compress, body, GZIP_LEVEL, mtime=0)
    return (run_gzip() if len(body) < THREAD_BYTES else await asyncio.to_thread(run_gzip)), GZIP_HEADERS


@lru_cache(maxsize=256)
def accepts_gzip(accept_encoding: str) -> bool:
    """Return whether an Accept-Encoding allows gzip (RFC 9110 §12.5.3)."""
    qualities = dict(parse_coding(part) for part in accept_encoding.lower().split(","))
    for name in ("gzip", "x-gzip", "*"):
        if name in qualities:
            return qualities[name] > 0
    return False


def parse_coding(text: str) -> tuple[str, float]:
    """Return the name of a coding and its quality; −1 if that is malformed."""
    name, _, parameter = (part.strip() for part in text.partition(";"))
    key, _, value = (part.strip() for part in parameter.partition("="))
    return name, parse_quality(value) if key == "q" else 1.0
