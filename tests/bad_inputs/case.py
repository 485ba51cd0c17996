"""One bad input with its expected response, and builders of its bytes."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeAlias

import orjson

CANARY: Final = "xyzzyCanary"
"""Part of what is sent wherever possible; must never appear in the log."""

BAD_USER_INPUT: Final = "BAD_USER_INPUT"
TOO_COMPLEX: Final = "QUERY_TOO_COMPLEX"


class ExistingSessions(NamedTuple):
    active: str
    stopped: str
    expired: str
    media: str
    """Its player started when it did."""
    form: str


RequestBytes: TypeAlias = bytes | Callable[[ExistingSessions], bytes]


class Case(NamedTuple):
    title: str
    request: RequestBytes
    status: int
    code: str | None = None
    """Of every error and problem in the response; None: there is none."""
    header: bytes = b""
    """Part of the response head."""
    graphql: bool = True
    """False if the HTTP layer answers alone, without JSON."""


def accepted(title: str, request: RequestBytes) -> Case:
    return Case(title, request, 200)


def problem(title: str, request: RequestBytes, code: str = BAD_USER_INPUT) -> Case:
    """Build a case that the resolver refuses."""
    return Case(title, request, 200, code)


def error(title: str, request: RequestBytes, code: str = BAD_USER_INPUT) -> Case:
    """Build a case that is refused before the operation is executed."""
    return Case(title, request, 400, code)


def http(  # noqa: PLR0917 - a request has that many parts
    body: bytes,
    content_type: str = "application/json",
    method: str = "POST",
    target: str = "/graphql",
    host: str = "localhost",
    more: str = "",
) -> bytes:
    """Build a request after whose response the connection closes."""
    head = (
        f"{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{more}"
        "Accept: application/graphql-response+json\r\n"
        f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def operation(query: str, /, **variables: Any) -> bytes:
    return http(orjson.dumps({"query": query, "variables": variables}))


def raw_variables(query: str, variables: str) -> bytes:
    """Build an operation whose variables are JSON text that no encoder would write."""
    return http(b'{"query":' + orjson.dumps(query) + b',"variables":' + variables.encode() + b"}")


def mutation(field: str, input_: dict[str, Any]) -> bytes:
    type_ = f"{field[0].upper()}{field[1:]}Input"
    query = f"mutation($input: {type_}!) {{ {field}(input: $input) {{ session {{ id }} problems {{ code path }} }} }}"
    return operation(query, input=input_)


def start(kind: str, variant: dict[str, Any], **common: Any) -> bytes:
    return mutation("startSession", {**common, "variant": {kind: variant}})


def list_sessions(arguments: str, selection: str = "nodes { id }") -> bytes:
    return operation(f"{{ sessions({arguments}) {{ {selection} }} }}")
