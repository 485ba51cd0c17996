"""Which media type to answer with (RFC 9110 §12.5.1, GraphQL over HTTP §6)."""

from collections.abc import Sequence
from functools import lru_cache

GRAPHQL_RESPONSE = "application/graphql-response+json"
JSON = "application/json"
HTML = "text/html"


@lru_cache(maxsize=256)
def negotiate(accept: str, offers: tuple[str, ...]) -> str | None:
    """The offer a client likes most; None if it takes none.

    Among equals one that it names; among these the newer GraphQL type, which tells more; then the first offered.
    Without the header ("") the first offer. A range that is malformed is as good as absent, except that a header of
    nothing else takes nothing.
    """
    if not accept.strip():
        return offers[0]
    ranges = [parsed for part in accept.split(",") if (parsed := parse_range(part))]
    best = (0.0, False, False)
    choice = None
    for offer in offers:
        quality, is_exact = quality_for(offer, ranges)
        rank = (quality, is_exact, is_exact and offer == GRAPHQL_RESPONSE)
        if quality > 0 and rank > best:
            best, choice = rank, offer
    return choice


def quality_for(offer: str, ranges: Sequence[tuple[str, float]]) -> tuple[float, bool]:
    """How much a client likes a media type, by the most specific range for it, and whether that names it in full."""
    qualities = dict(ranges)
    for pattern in (offer, f"{offer.partition('/')[0]}/*", "*/*"):
        if pattern in qualities:
            return qualities[pattern], pattern == offer
    return 0.0, False


def parse_range(text: str) -> tuple[str, float] | None:
    """One range with its quality; None if it is malformed, or wants a charset that is not UTF-8."""
    name, *parameters = (part.strip().lower() for part in text.split(";"))
    if name.count("/") != 1:
        return None
    quality = 1.0
    for parameter in parameters:
        key, _, value = (part.strip() for part in parameter.partition("="))
        if key == "q":
            quality = parse_quality(value)
            break
        if key == "charset" and value.strip('"') not in ("utf-8", "utf8"):
            return None
    return (name, quality) if quality >= 0 else None


def parse_quality(text: str) -> float:
    """A q-value; −1 if it is none."""
    try:
        value = float(text) if len(text) <= 5 else -1.0
    except ValueError:
        return -1.0
    return value if 0 <= value <= 1 else -1.0
