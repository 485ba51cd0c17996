"""The messages of graphql-transport-ws: from text to what a client wants, and from results to text."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import orjson

from transport.errors import Code, FormattedError, Refusal, bad_input
from transport.http.request_params import check_depth, checked, has_nul
from transport.http.strict_json import load
from transport.request import OperationRequest
from transport.settings import Limits

ID_LENGTH: Final = 128
"""Characters of an operation's id."""


class Malformed(Exception):
    """No message of the protocol. The text says why, and quotes nothing."""


@dataclass(frozen=True, slots=True)
class Init:
    """The client says who it is, in whatever way it and the server have agreed on."""

    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ping:
    """The client wants to hear something."""

    payload: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Pong:
    """The client is there."""


@dataclass(frozen=True, slots=True)
class Subscribe:
    """The client wants an operation run: a query or a mutation likewise."""

    id: str
    request: OperationRequest | Refusal
    """A refusal where the message is as it should be, but a value in it is not acceptable."""


@dataclass(frozen=True, slots=True)
class Complete:
    """The client wants no more of an operation."""

    id: str


Message: TypeAlias = Init | Ping | Pong | Subscribe | Complete


def read(text: str | None, limits: Limits) -> Message:
    """The message; None stands for one that is not text. Raises Malformed."""
    if text is None:
        raise Malformed("Messages must be text.")
    members, refusal = _members(text, limits)
    if not isinstance(members, dict):
        raise Malformed("The message must be an object.")
    kind = members.get("type")
    if kind == "subscribe":
        # Half a character, as browsers cut them, is this operation's matter. Anywhere else it has no business.
        return Subscribe(_id(members), refusal or _request(members, text, limits))
    if refusal is not None:
        raise Malformed(_told(refusal))
    match kind:
        case "connection_init":
            return Init(_payload(members, text) or {})
        case "ping":
            return Ping(_payload(members, text))
        case "pong":
            _payload(members, text)
            return Pong()
        case "complete":
            return Complete(_id(members))
    raise Malformed("The type of the message is missing or unknown.")


def _members(text: str, limits: Limits) -> tuple[Any, Refusal | None]:
    try:
        return load(text.encode(), limits, "The message"), None
    except Refusal as refusal:
        if refusal.errors[0]["extensions"]["code"] != Code.BAD_USER_INPUT:
            raise Malformed(_told(refusal)) from None
        try:
            return json.loads(text), refusal  # which lets half characters pass; `load` has looked at the depth
        except ValueError:
            raise Malformed("The message is not valid JSON in UTF-8.") from None


def _id(members: Mapping[str, Any]) -> str:
    id_ = members.get("id")
    if not isinstance(id_, str) or not 1 <= len(id_) <= ID_LENGTH:
        raise Malformed(f"The id must be a string of 1 to {ID_LENGTH} characters.")
    if "\0" in id_ or any("\ud800" <= character <= "\udfff" for character in id_):
        raise Malformed("The id contains NUL or half of a surrogate pair.")
    return id_


def _payload(members: Mapping[str, Any], text: str) -> Mapping[str, Any] | None:
    payload = members.get("payload")
    if payload is not None and not isinstance(payload, dict):
        raise Malformed("The payload must be an object.")
    if "\\u0000" in text and payload and has_nul(OperationRequest(None, payload)):
        raise Malformed("The payload contains a NUL character.")
    return payload


def _request(members: Mapping[str, Any], text: str, limits: Limits) -> OperationRequest | Refusal:
    payload = members.get("payload")
    if not isinstance(payload, dict):
        raise Malformed("The payload must be an object.")
    try:
        request = checked(payload)
    except Refusal as refusal:
        raise Malformed(_told(refusal)) from None
    try:
        if "\\u0000" in text and has_nul(request):
            raise bad_input("A string in the request contains a NUL character.")
        check_depth(request.variables, limits)
    except Refusal as refusal:
        return refusal
    return request


def _told(refusal: Refusal) -> str:
    message: str = refusal.errors[0]["message"]
    return message


ACK: Final = b'{"type":"connection_ack"}'
PING: Final = b'{"type":"ping"}'


def pong(payload: Mapping[str, Any] | None) -> bytes:
    """The answer to a ping, with what came along."""
    return b'{"type":"pong"}' if payload is None else b'{"type":"pong","payload":%b}' % orjson.dumps(payload)


def next_head(id_: str) -> bytes:
    """What stands before the payload of each result of an operation; `}` stands after it."""
    return b'{"id":%b,"type":"next","payload":' % orjson.dumps(id_)


def error(id_: str, errors: list[FormattedError]) -> bytes:
    """An operation was not executed, or broke off."""
    return b'{"id":%b,"type":"error","payload":%b}' % (orjson.dumps(id_), orjson.dumps(errors))


def complete(id_: str) -> bytes:
    """An operation is over."""
    return b'{"id":%b,"type":"complete"}' % orjson.dumps(id_)
