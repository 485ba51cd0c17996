"""Responses that are streams: server-sent events or multipart."""

import asyncio
from dataclasses import dataclass

import orjson
from graphql import OperationType
from starlette.types import Scope, Send

from transport.asgi_extensions import abort_connection
from transport.errors import Headers
from transport.http.headers import request_headers
from transport.http.multipart_mixed import MULTIPART_INCREMENTAL, MULTIPART_SUBSCRIPTION
from transport.http.negotiation import EVENT_STREAM, ResponseTypes, StreamType
from transport.http.responses import SECURITY_HEADERS, StreamEncoding, encode_headers
from transport.http.sse import SSE
from transport.results import OperationResult, access_ended
from transport.settings import Limits
from transport.subscriptions import AccessEnded, Frame, SlowConsumer, StreamClosed, StreamOptions, StreamResponse

STREAM_HEADERS = (
    (b"cache-control", b"no-cache, no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would buffer the stream
    (b"vary", b"Accept"),
)


def select_encoding(response: StreamResponse, types: ResponseTypes) -> StreamEncoding | None:
    """Choose how to write a response; None: as JSON.

    A request error is an event where the request was well-formed GraphQL: EventSource hides responses with another
    status than 200. Errors of the caller's access, or of the server, keep their status.
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
    """A response that has been sent as a stream."""

    outcome: str | list[str]
    """For the log: "ok", the codes of the errors, "too slow" or "closing"."""


def stream_options(scope: Scope, types: ResponseTypes, limits: Limits) -> StreamOptions:
    last_event_ids = request_headers(scope).values(b"last-event-id")
    return StreamOptions(
        after=last_event_ids[-1] or None if last_event_ids else None,
        incremental=types.incremental is not None,
        heartbeat_seconds=limits.stream_heartbeat_seconds,
    )


async def send_stream(
    scope: Scope, send: Send, response: StreamResponse, types: ResponseTypes, more_headers: Headers = ()
) -> StreamSent | OperationResult:
    """Send a response as a stream. Returns the result where it is to be sent as JSON."""
    try:
        encoding = select_encoding(response, types)
        if encoding is None:
            return response.result
        content_type = (b"content-type", encoding.content_type.encode())
        headers = [*STREAM_HEADERS, content_type, *encode_headers(more_headers), *SECURITY_HEADERS]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": encoding.preamble, "more_body": True})
        return StreamSent(await send_frames(scope, send, response, encoding))
    finally:  # also where the client disconnects: the subscription must end
        await response.frames.aclose()


async def send_frames(scope: Scope, send: Send, response: StreamResponse, encoding: StreamEncoding) -> str | list[str]:
    """Send the frames of a response and its end. Returns the outcome for the log."""
    codes = response.result.error_codes
    aborted = asyncio.Event()

    def abort() -> None:
        aborted.set()
        abort_connection(scope)

    response.frames.on_slow_consumer = abort
    try:
        async for frame in response.frames:
            await send({"type": "http.response.body", "body": encoding.encode(frame), "more_body": True})
            if frame.failed:
                codes = OperationResult(orjson.loads(frame.payload)).error_codes
    except AccessEnded:
        ended = access_ended()
        last = Frame(orjson.dumps({"errors": ended.body["errors"]}), failed=True)
        await send({"type": "http.response.body", "body": encoding.encode(last) + encoding.complete})
        return ended.error_codes
    except SlowConsumer:
        return "too slow"
    except StreamClosed:
        await send({"type": "http.response.body", "body": encoding.aborted})
        return "closing"
    except asyncio.CancelledError:
        if aborted.is_set():
            return "too slow"  # the abort looks like a disconnect, but was ours
        raise
    await send({"type": "http.response.body", "body": encoding.complete})
    return codes or "ok"
