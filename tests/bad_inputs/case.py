"""One row of the table of bad inputs, and how its bytes are made."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeAlias

import orjson

CANARY: Final = "xyzzyCanary"
"""Stands in what is sent wherever it can, and must never stand in the log."""

INPUT: Final = "BAD_USER_INPUT"
COMPLEX: Final = "QUERY_TOO_COMPLEX"


class Known(NamedTuple):
    """Sessions that are there."""

    active: str
    stopped: str
    expired: str
    media: str
    """Its player started when it did."""
    form: str


Sent: TypeAlias = bytes | Callable[[Known], bytes]


class Row(NamedTuple):
    """What is sent and what must come of it."""

    what: str
    sent: Sent
    status: int
    code: str | None = None
    """Of each error and each problem of the answer; null: it has none."""
    header: bytes = b""
    """Stands in the head of the answer."""
    graphql: bool = True
    """False where the answer comes from the HTTP layer alone, and is not JSON."""


def request(  # noqa: PLR0917 - a request has that many parts
    body: bytes,
    content_type: str = "application/json",
    method: str = "POST",
    target: str = "/graphql",
    host: str = "localhost",
    more: str = "",
) -> bytes:
    """A whole request, after whose answer the connection closes."""
    head = (
        f"{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{more}"
        "Accept: application/graphql-response+json\r\n"
        f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def asking(query: str, /, **variables: Any) -> bytes:
    """An operation in JSON."""
    return request(orjson.dumps({"query": query, "variables": variables}))


def raw_variables(query: str, variables: str) -> bytes:
    """An operation whose variables are JSON text that no encoder would write."""
    return request(b'{"query":' + orjson.dumps(query) + b',"variables":' + variables.encode() + b"}")


def mutation(field: str, input_: dict[str, Any]) -> bytes:
    """A mutation with one input."""
    type_ = f"{field[0].upper()}{field[1:]}Input"
    query = f"mutation($input: {type_}!) {{ {field}(input: $input) {{ session {{ id }} problems {{ code path }} }} }}"
    return asking(query, input=input_)


def start(kind: str, variant: dict[str, Any], **common: Any) -> bytes:
    """The start of a session."""
    return mutation("startSession", {**common, "variant": {kind: variant}})


def sessions(arguments: str, selection: str = "nodes { id }") -> bytes:
    """A list of sessions with arguments written in the document."""
    return asking(f"{{ sessions({arguments}) {{ {selection} }} }}")
