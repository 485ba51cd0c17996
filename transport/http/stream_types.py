"""Which form of stream a client takes, if any: it must name one, `*/*` does not count."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

from graphql import OperationType

from transport.documents.operation import Operation
from transport.http.negotiation import GRAPHQL_RESPONSE, JSON, liking, parse_quality, parse_range

EventStream: TypeAlias = Literal["text/event-stream"]
Multipart: TypeAlias = Literal["multipart/mixed"]
StreamType: TypeAlias = EventStream | Multipart

EVENT_STREAM: EventStream = "text/event-stream"
MULTIPART: Multipart = "multipart/mixed"
SUBSCRIPTIONS = ("subscriptionspec", "1.0")
PARTS = ("incrementalspec", "v0.2")


@dataclass(frozen=True, slots=True)
class StreamTypes:
    """What to answer with, by what kind of answer it is; None: JSON, if the client takes that."""

    subscription: StreamType | None
    incremental: StreamType | None
    """For results in parts. None: everything comes at once."""
    single: EventStream | None


@lru_cache(maxsize=256)
def stream_types(accept: str) -> StreamTypes | None:
    """What an Accept header says of streams; None if it names none that is spoken here.

    A multipart stream is one of the two with a `subscriptionSpec` or an `incrementalSpec`: what others would expect in
    `multipart/mixed`, nobody can know. Where a client likes two equally, the answer is JSON if that can hold it; but
    results in parts are in parts where the client names their form.
    """
    ranges = [parse_stream(part) for part in accept.split(",")]
    events = max((quality for name, quality, _ in ranges if name == EVENT_STREAM), default=0.0)
    told = max(
        (quality for name, quality, given in ranges if name == MULTIPART and SUBSCRIPTIONS in given), default=0.0
    )
    parts = max((quality for name, quality, given in ranges if name == MULTIPART and PARTS in given), default=0.0)
    if not (events or told or parts):
        return None
    plain = [parsed for part in accept.split(",") if (parsed := parse_range(part))]
    json = max(liking(media, plain)[0] for media in (JSON, GRAPHQL_RESPONSE))
    single: EventStream | None = EVENT_STREAM if events > json else None
    return StreamTypes(
        subscription=None if not (events or told) else EVENT_STREAM if events >= told else MULTIPART,
        incremental=MULTIPART if parts and parts >= max(events, json) else single,
        single=single,
    )


def can_carry(operation: Operation, json: str | None, streams: StreamTypes | None) -> bool:
    """Whether the answer to an operation has a form that the client takes."""
    if operation.type is OperationType.SUBSCRIPTION:
        return streams is not None and streams.subscription is not None
    if json is not None or streams is None:
        return json is not None
    return streams.single is not None or (streams.incremental is not None and operation.defers)


def parse_stream(text: str) -> tuple[str, float, frozenset[tuple[str, str]]]:
    """The name of a range, in lower case, its quality, and its parameters."""
    name, *rest = (part.strip().lower() for part in text.split(";"))
    pairs = ((key.strip(), value.strip().strip('"')) for key, _, value in (part.partition("=") for part in rest))
    given = dict(pairs)
    quality = max(parse_quality(given.pop("q", "1")), 0.0)
    return name, quality, frozenset(given.items())
