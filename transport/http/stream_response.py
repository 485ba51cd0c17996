"""Sending an answer that is a stream."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import orjson
from graphql import OperationType
from starlette.types import Scope, Send

from transport.asgi_extensions import CONNECTION_ABORT
from transport.errors import Headers
from transport.http import multipart_mixed, sse
from transport.http.headers import header_values
from transport.http.negotiation import EVENT_STREAM, ResponseTypes, StreamType
from transport.noop import noop
from transport.results import OperationResult
from transport.settings import Limits
from transport.subscriptions import Frame, SlowConsumer, StreamClosed, StreamOptions, StreamResponse


@dataclass(frozen=True, slots=True)
class StreamEncoding:
    """How a stream is written."""

    content_type: str
    headers: Headers
    preamble: bytes
    encode: Callable[[Frame], bytes]
    complete: bytes
    aborted: bytes


SSE = StreamEncoding(
    sse.CONTENT_TYPE,
    sse.HEADERS,
    sse.PREAMBLE,
    sse.encode_event,
    sse.COMPLETE,
    sse.ABORTED,
)
MULTIPART_SUBSCRIPTION = StreamEncoding(
    multipart_mixed.SUBSCRIPTION_TYPE,
    multipart_mixed.HEADERS,
    multipart_mixed.PREAMBLE,
    multipart_mixed.encode_payload,
    multipart_mixed.COMPLETE,
    multipart_mixed.ABORTED,
)
MULTIPART_INCREMENTAL = StreamEncoding(
    multipart_mixed.INCREMENTAL_TYPE,
    multipart_mixed.HEADERS,
    multipart_mixed.PREAMBLE,
    multipart_mixed.encode_incremental,
    multipart_mixed.COMPLETE,
    multipart_mixed.COMPLETE,
)


def select_encoding(response: StreamResponse, types: ResponseTypes) -> StreamEncoding | None:
    """How to write an answer; None: as JSON.

    A refusal is an event where the request was GraphQL at all: EventSource tells nothing of an answer with another
    status than 200. What is wrong with the caller, or with the server, has its status.
    """
    if response.kind == "subscription":
        return SSE if types.subscription == EVENT_STREAM else MULTIPART_SUBSCRIPTION
    if response.kind == "incremental":
        return SSE if types.incremental == EVENT_STREAM else MULTIPART_INCREMENTAL
    type_: StreamType | None = types.single
    if response.refused and response.operation is not None and response.operation.type is OperationType.SUBSCRIPTION:
        type_ = types.subscription
    return SSE if type_ == EVENT_STREAM and response.result.legacy_status == 200 else None


@dataclass(frozen=True, slots=True)
class StreamSent:
    """An answer that has been sent as a stream."""

    outcome: str | list[str]
    """How it ended, for the log: "ok", the codes of its errors, or how it was cut."""


def stream_options(scope: Scope, types: ResponseTypes, limits: Limits) -> StreamOptions:
    """What a request wants of its answer."""
    last_event_ids = header_values(scope, b"last-event-id")
    return StreamOptions(
        after=last_event_ids[-1] or None if last_event_ids else None,
        incremental=types.incremental is not None,
        heartbeat_seconds=limits.stream_heartbeat_seconds,
    )


async def send_stream(
    scope: Scope, send: Send, response: StreamResponse, types: ResponseTypes
) -> StreamSent | OperationResult:
    """Send an answer as a stream; the outcome where it is to be sent as JSON."""
    try:
        encoding = select_encoding(response, types)
        if encoding is None:
            return response.result
        raw = [(name.encode(), value.encode()) for name, value in encoding.headers]
        raw.append((b"content-type", encoding.content_type.encode()))
        await send({"type": "http.response.start", "status": 200, "headers": raw})
        await send({"type": "http.response.body", "body": encoding.preamble, "more_body": True})
        return StreamSent(await send_frames(scope, send, response, encoding))
    finally:
        await response.frames.aclose()


async def send_frames(scope: Scope, send: Send, response: StreamResponse, encoding: StreamEncoding) -> str | list[str]:
    """Send what the answer consists of; how it ended, for the log."""
    codes = response.result.error_codes
    aborted = asyncio.Event()

    def abort() -> None:
        aborted.set()
        scope.get("extensions", {}).get(CONNECTION_ABORT, {"abort": noop})["abort"]()

    response.frames.on_slow_consumer = abort
    try:
        async for frame in response.frames:
            await send({"type": "http.response.body", "body": encoding.encode(frame), "more_body": True})
            if frame.failed:
                codes = OperationResult(orjson.loads(frame.payload)).error_codes
    except SlowConsumer:
        return "too slow"
    except StreamClosed:
        await send({"type": "http.response.body", "body": encoding.aborted})
        return "closing"
    except asyncio.CancelledError:
        if aborted.is_set():
            return "too slow"  # and not gone: it did not leave by itself
        raise
    await send({"type": "http.response.body", "body": encoding.complete})
    return codes or "ok"
