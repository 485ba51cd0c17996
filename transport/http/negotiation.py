"""Content negotiation: the media types of a response, by the Accept header (RFC 9110 §12.5.1, GraphQL over HTTP §6)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, NamedTuple, TypeAlias

from transport.documents.operation import Delivery

EventStream: TypeAlias = Literal["text/event-stream"]
Multipart: TypeAlias = Literal["multipart/mixed"]
StreamType: TypeAlias = EventStream | Multipart

GRAPHQL_RESPONSE: Final = "application/graphql-response+json"
JSON: Final = "application/json"
HTML: Final = "text/html"
EVENT_STREAM: Final[EventStream] = "text/event-stream"
MULTIPART: Final[Multipart] = "multipart/mixed"

# The first is for clients without a preference: GraphQL over HTTP asks for the older type there.
JSON_TYPES: Final = (JSON, GRAPHQL_RESPONSE)


class MediaRange(NamedTuple):
    """One item of an Accept header, in lower case."""

    name: str
    quality: float
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ResponseTypes:
    """The media types to answer a client with, by kind of result."""

    json: str | None
    """None: neither of the JSON types is acceptable."""
    prefers_html: bool
    accepts_streams: bool
    """Whether the client names a type of stream. `*/*` does not count."""
    subscription: StreamType | None
    incremental: StreamType | None
    """For results in parts. None: the result is sent whole."""
    single: EventStream | None
    """For a whole result. None: as JSON."""
    delivery: Delivery


@lru_cache(maxsize=256)
def negotiate(accept: str, *, is_get: bool) -> ResponseTypes:
    """Choose the media types of a response; `accept` is "" without the header.

    A multipart stream must name `subscriptionSpec` or `incrementalSpec`: the content of any other is unspecified. Where
    the client prefers no type, the result is JSON if that can hold it; a deferred result is in parts if the client
    names their format.
    """
    ranges = [parsed for part in accept.split(",") if (parsed := parse_media_range(part))]
    has_preference = bool(accept.strip())
    json = preferred(ranges, JSON_TYPES) if has_preference else JSON
    prefers_html = has_preference and preferred(ranges, (*JSON_TYPES, HTML)) == HTML
    # The best quality of each kind of stream, to be compared with that of JSON.
    sse = max((r.quality for r in ranges if r.name == EVENT_STREAM), default=0.0)
    parts = [r for r in ranges if r.name == MULTIPART]
    multipart = max((r.quality for r in parts if r.parameters.get("subscriptionspec") == "1.0"), default=0.0)
    deferred = max((r.quality for r in parts if r.parameters.get("incrementalspec") == "v0.2"), default=0.0)
    whole = max(quality_for(media_type, ranges)[0] for media_type in JSON_TYPES)
    single = EVENT_STREAM if sse > whole else None
    subscription: StreamType | None = None
    if sse or multipart:
        subscription = EVENT_STREAM if sse >= multipart else MULTIPART
    # `>=`: a client that names the format of parts prefers them to a whole result of the same quality.
    incremental = MULTIPART if deferred and deferred >= max(sse, whole) else single
    delivery = Delivery(
        single=json is not None or single is not None,
        deferred=incremental is not None,
        subscription=subscription is not None,
        mutation=not is_get,
    )
    return ResponseTypes(
        json, prefers_html, bool(sse or multipart or deferred), subscription, incremental, single, delivery
    )


def preferred(ranges: Iterable[MediaRange], offers: Iterable[str]) -> str | None:
    """Return the offer of the highest quality; None if none is acceptable.

    Among equals one that the client names in full, of these the newer GraphQL type, then the first offer.
    """
    best, choice = (0.0, False, False), None
    for offer in offers:
        quality, is_exact = quality_for(offer, ranges)
        rank = (quality, is_exact, is_exact and offer == GRAPHQL_RESPONSE)
        if quality > 0 and rank > best:
            best, choice = rank, offer
    return choice


def quality_for(offer: str, ranges: Iterable[MediaRange]) -> tuple[float, bool]:
    """Return the quality of a media type by its most specific range, and whether that names it in full."""
    qualities = {name: quality for name, quality, _ in ranges}
    for pattern in (offer, f"{offer.partition('/')[0]}/*", "*/*"):
        if pattern in qualities:
            return qualities[pattern], pattern == offer
    return 0.0, False


def parse_media_range(text: str) -> MediaRange | None:
    """Parse one item; None if it is malformed, or asks for a charset other than UTF-8."""
    name, *rest = (part.strip().lower() for part in text.split(";"))
    pairs = (part.partition("=") for part in rest)
    parameters = {key.strip(): value.strip().strip('"') for key, _, value in pairs}
    quality = parse_quality(parameters.get("q", "1"))
    if name.count("/") != 1 or quality < 0 or parameters.get("charset", "utf-8") not in ("utf-8", "utf8"):
        return None
    return MediaRange(name, quality, parameters)


def parse_quality(text: str) -> float:
    """Parse a q-value; −1 if it is malformed."""
    try:
        value = float(text) if len(text) <= 5 else -1.0
    except ValueError:
        return -1.0
    return value if 0 <= value <= 1 else -1.0
