"""One row of the table of bad inputs, and how its bytes are made."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeAlias

import orjson

CANARY: Final = "xyzzyCanary"
"""Stands in what is sent wherever it can, and must never stand in the log."""

BAD_USER_INPUT: Final = "BAD_USER_INPUT"
TOO_COMPLEX: Final = "QUERY_TOO_COMPLEX"


class ExistingSessions(NamedTuple):
    """Sessions that are there."""

    active: str
    stopped: str
    expired: str
    media: str
    """Its player started when it did."""
    form: str


RequestBytes: TypeAlias = bytes | Callable[[ExistingSessions], bytes]


class Case(NamedTuple):
    """What is sent and what must come of it."""

    title: str
    request: RequestBytes
    status: int
    code: str | None = None
    """Of each error and each problem of the answer; null: it has none."""
    header: bytes = b""
    """Stands in the head of the answer."""
    graphql: bool = True
    """False where the answer comes from the HTTP layer alone, and is not JSON."""


def http_request(  # noqa: PLR0917 - a request has that many parts
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


def graphql_request(query: str, /, **variables: Any) -> bytes:
    """An operation in JSON."""
    return http_request(orjson.dumps({"query": query, "variables": variables}))


def raw_variables_request(query: str, variables: str) -> bytes:
    """An operation whose variables are JSON text that no encoder would write."""
    return http_request(b'{"query":' + orjson.dumps(query) + b',"variables":' + variables.encode() + b"}")


def mutation_request(field: str, input_: dict[str, Any]) -> bytes:
    """A mutation with one input."""
    type_ = f"{field[0].upper()}{field[1:]}Input"
    query = f"mutation($input: {type_}!) {{ {field}(input: $input) {{ session {{ id }} problems {{ code path }} }} }}"
    return graphql_request(query, input=input_)


def start_request(kind: str, variant: dict[str, Any], **common: Any) -> bytes:
    """The start of a session."""
    return mutation_request("startSession", {**common, "variant": {kind: variant}})


def sessions_request(arguments: str, selection: str = "nodes { id }") -> bytes:
    """A list of sessions with arguments written in the document."""
    return graphql_request(f"{{ sessions({arguments}) {{ {selection} }} }}")
