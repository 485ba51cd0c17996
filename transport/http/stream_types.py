"""Which form of stream a client takes, if any: it must name one, `*/*` does not count."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

from graphql import OperationType

from transport.documents.operation import Operation
from transport.http.negotiation import GRAPHQL_RESPONSE, JSON, parse_quality, parse_range, quality_for

EventStream: TypeAlias = Literal["text/event-stream"]
Multipart: TypeAlias = Literal["multipart/mixed"]
StreamType: TypeAlias = EventStream | Multipart

EVENT_STREAM: EventStream = "text/event-stream"
MULTIPART: Multipart = "multipart/mixed"
SUBSCRIPTION_SPEC = ("subscriptionspec", "1.0")
INCREMENTAL_SPEC = ("incrementalspec", "v0.2")


@dataclass(frozen=True, slots=True)
class StreamTypes:
    """What to answer with, by what kind of answer it is; None: JSON, if the client takes that."""

    subscription: StreamType | None
    incremental: StreamType | None
    """For results in parts. None: everything comes at once."""
    single: EventStream | None


@lru_cache(maxsize=256)
def negotiate_streams(accept: str) -> StreamTypes | None:
    """What an Accept header says of streams; None if it names none that is spoken here.

    A multipart stream is one of the two with a `subscriptionSpec` or an `incrementalSpec`: what others would expect in
    `multipart/mixed`, nobody can know. Where a client likes two equally, the answer is JSON if that can hold it; but
    results in parts are in parts where the client names their form.
    """
    ranges = [parse_media_range(part) for part in accept.split(",")]
    sse_quality = max((quality for name, quality, _ in ranges if name == EVENT_STREAM), default=0.0)
    subscription_quality = max(
        (quality for name, quality, parameters in ranges if name == MULTIPART and SUBSCRIPTION_SPEC in parameters),
        default=0.0,
    )
    incremental_quality = max(
        (quality for name, quality, given in ranges if name == MULTIPART and INCREMENTAL_SPEC in given), default=0.0
    )
    if not (sse_quality or subscription_quality or incremental_quality):
        return None
    plain = [parsed for part in accept.split(",") if (parsed := parse_range(part))]
    json_quality = max(quality_for(media, plain)[0] for media in (JSON, GRAPHQL_RESPONSE))
    single: EventStream | None = EVENT_STREAM if sse_quality > json_quality else None
    return StreamTypes(
        subscription=None
        if not (sse_quality or subscription_quality)
        else EVENT_STREAM
        if sse_quality >= subscription_quality
        else MULTIPART,
        incremental=MULTIPART
        if incremental_quality and incremental_quality >= max(sse_quality, json_quality)
        else single,
        single=single,
    )


def can_respond(operation: Operation, json: str | None, streams: StreamTypes | None) -> bool:
    """Whether the answer to an operation has a form that the client takes."""
    if operation.type is OperationType.SUBSCRIPTION:
        return streams is not None and streams.subscription is not None
    if json is not None or streams is None:
        return json is not None
    return streams.single is not None or (streams.incremental is not None and operation.may_defer)


def parse_media_range(text: str) -> tuple[str, float, frozenset[tuple[str, str]]]:
    """The name of a range, in lower case, its quality, and its parameters."""
    name, *rest = (part.strip().lower() for part in text.split(";"))
    pairs = ((key.strip(), value.strip().strip('"')) for key, _, value in (part.partition("=") for part in rest))
    parameters = dict(pairs)
    quality = max(parse_quality(parameters.pop("q", "1")), 0.0)
    return name, quality, frozenset(parameters.items())
