"""Sending an answer that is a stream."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import orjson
from graphql import OperationType
from starlette.types import Scope, Send

from transport.errors import Headers
from transport.http import multipart_mixed, sse
from transport.http.headers import values
from transport.http.stream_types import EVENT_STREAM, StreamType, StreamTypes
from transport.results import Outcome
from transport.settings import Limits
from transport.subscriptions import Answer, Frame, StreamCut, TooSlow, Wishes

ABORT = "connection.abort"
"""An extension in the scope: `abort` closes the connection at once, and drops what the client does not take."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a stream is written."""

    content_type: str
    headers: Headers
    beginning: bytes
    write: Callable[[Frame], bytes]
    end: bytes
    cut: bytes


EVENTS = Form(
    sse.CONTENT_TYPE,
    sse.HEADERS,
    sse.BEGINNING,
    sse.event,
    sse.END,
    sse.CUT,
)
SUBSCRIPTION = Form(
    multipart_mixed.SUBSCRIPTION_TYPE,
    multipart_mixed.HEADERS,
    multipart_mixed.BEGINNING,
    multipart_mixed.told,
    multipart_mixed.END,
    multipart_mixed.ENDED_EARLY,
)
INCREMENTAL = Form(
    multipart_mixed.INCREMENTAL_TYPE,
    multipart_mixed.HEADERS,
    multipart_mixed.BEGINNING,
    multipart_mixed.piece,
    multipart_mixed.END,
    multipart_mixed.END,
)


def form(answer: Answer, types: StreamTypes) -> Form | None:
    """How to write an answer; None: as JSON.

    A refusal is an event where the request was GraphQL at all: EventSource tells nothing of an answer with another
    status than 200. What is wrong with the caller, or with the server, has its status.
    """
    if answer.kind == "subscription":
        return EVENTS if types.subscription == EVENT_STREAM else SUBSCRIPTION
    if answer.kind == "incremental":
        return EVENTS if types.incremental == EVENT_STREAM else INCREMENTAL
    type_: StreamType | None = types.single
    if answer.refused and answer.operation is not None and answer.operation.type is OperationType.SUBSCRIPTION:
        type_ = types.subscription
    return EVENTS if type_ == EVENT_STREAM and answer.outcome.legacy_status == 200 else None


def nothing() -> None:
    """A server without the extension closes the connection when it likes."""


@dataclass(frozen=True, slots=True)
class Sent:
    """An answer that has been sent as a stream."""

    told: str | list[str]
    """How it ended, for the log: "ok", the codes of its errors, or how it was cut."""


def wished(scope: Scope, types: StreamTypes, limits: Limits) -> Wishes:
    """What a request wants of its answer."""
    given = values(scope, b"last-event-id")
    return Wishes(
        after=given[-1] or None if given else None,
        incremental=types.incremental is not None,
        heartbeat_seconds=limits.stream_heartbeat_seconds,
    )


async def send_answer(scope: Scope, send: Send, answer: Answer, types: StreamTypes) -> Sent | Outcome:
    """Send an answer as a stream; the outcome where it is to be sent as JSON."""
    try:
        chosen = form(answer, types)
        if chosen is None:
            return answer.outcome
        raw = [(name.encode(), value.encode()) for name, value in chosen.headers]
        raw.append((b"content-type", chosen.content_type.encode()))
        await send({"type": "http.response.start", "status": 200, "headers": raw})
        await send({"type": "http.response.body", "body": chosen.beginning, "more_body": True})
        return Sent(await send_frames(scope, send, answer, chosen))
    finally:
        await answer.frames.aclose()


async def send_frames(scope: Scope, send: Send, answer: Answer, chosen: Form) -> str | list[str]:
    """Send what the answer consists of; how it ended, for the log."""
    codes = answer.outcome.codes
    cut_off = asyncio.Event()

    def cut() -> None:
        cut_off.set()
        scope.get("extensions", {}).get(ABORT, {"abort": nothing})["abort"]()

    answer.frames.on_too_slow = cut
    try:
        async for frame in answer.frames:
            await send({"type": "http.response.body", "body": chosen.write(frame), "more_body": True})
            if frame.failed:
                codes = Outcome(orjson.loads(frame.payload)).codes
    except TooSlow:
        return "too slow"
    except StreamCut:
        await send({"type": "http.response.body", "body": chosen.cut})
        return "closing"
    except asyncio.CancelledError:
        if cut_off.is_set():
            return "too slow"  # and not gone: it did not leave by itself
        raise
    await send({"type": "http.response.body", "body": chosen.end})
    return codes or "ok"
