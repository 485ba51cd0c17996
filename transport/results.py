"""The answers that an operation may come to, before they are encoded."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError

from transport.errors import Code, Headers, Refusal, formatted, plain
from transport.masking import Mask, has_code


@dataclass(slots=True)
class Outcome:
    """The answer to one operation."""

    body: dict[str, Any]
    """`data` and `errors`, as the GraphQL specification says; no `data` where nothing was executed."""
    status: int = 200
    """The HTTP status for `application/graphql-response+json`."""
    legacy_status: int = 200
    """The HTTP status for `application/json`."""
    headers: Headers = ()

    @property
    def codes(self) -> list[str]:
        """The codes of its errors, each once, sorted."""
        return sorted({str(error["extensions"]["code"]) for error in self.body.get("errors", ())})


def answered(result: Any, mask: Mask) -> Outcome:
    """The answer of an operation that was executed."""
    if not result.errors:
        return Outcome({"data": result.data})
    return Outcome({"errors": mask.apply(result.errors), "data": result.data})


def failed(error: BaseException, mask: Mask) -> Outcome:
    """The answer of an operation that broke down as a whole."""
    return Outcome({"errors": [mask.surprise(error)], "data": None})


def refused(refusal: Refusal) -> Outcome:
    """The answer to a request of which nothing was executed."""
    return Outcome({"errors": refusal.errors}, refusal.status, refusal.legacy_status, refusal.headers)


def stopping() -> Refusal:
    """The server stops: it begins nothing that lasts any more, and cannot wait for what has not come."""
    error = plain(Code.SERVICE_UNAVAILABLE, "The server is stopping; try again.")
    return Refusal([error], headers=retry_headers(error["extensions"]))


def stopped() -> Outcome:
    """The answer of an operation that the server cannot wait for any more, as it stops."""
    message = "The server is stopping; try again. If the operation writes, it may have written."
    error = plain(Code.SERVICE_UNAVAILABLE, message)
    return Outcome({"errors": [error], "data": None}, 503, 503, retry_headers(error["extensions"]))


def timed_out(seconds: float) -> Outcome:
    """The answer of an operation that took too long. What it wrote before may have been kept."""
    message = f"The operation took longer than {seconds:g} seconds. If it writes, it may have written."
    return Outcome({"errors": [plain(Code.TIMEOUT, message)], "data": None})


def failed_context(error: BaseException, mask: Mask) -> Outcome:
    """The answer where there is no context: the caller is unknown, may not ask, or the server cannot serve."""
    if isinstance(error, Refusal):
        return refused(error)
    if not has_code(error):
        return refused(Refusal([mask.surprise(error)]))
    extensions: dict[str, Any] = error.extensions  # type: ignore[attr-defined]  # has_code has looked
    shown = formatted(GraphQLError(getattr(error, "message", None) or str(error), extensions=extensions))
    return refused(Refusal([shown], headers=retry_headers(extensions)))


def retry_headers(extensions: Mapping[str, Any]) -> Headers:
    """What the status of a refusal wants beside it: how to authenticate, when to come back."""
    if extensions["code"] == Code.UNAUTHENTICATED:
        return (("www-authenticate", "Bearer"),)
    if extensions["code"] not in (Code.SERVICE_UNAVAILABLE, Code.RATE_LIMITED):
        return ()
    seconds = extensions.get("retryAfter", 1)
    return (("retry-after", str(max(1, int(seconds)))),) if isinstance(seconds, int | float) else ()
