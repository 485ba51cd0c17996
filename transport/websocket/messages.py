"""Messages of graphql-transport-ws: parsing the client's, encoding the server's."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import orjson

from transport.errors import Code, FormattedError, RequestError, bad_input
from transport.http.request_params import check_depth, contains_nul, validate_members
from transport.http.strict_json import loads
from transport.request import OperationRequest
from transport.settings import Limits

MAX_ID_LENGTH: Final = 128


class MalformedMessage(Exception):
    """Not a message of the protocol. The text gives the reason and quotes no input."""


@dataclass(frozen=True, slots=True)
class Init:
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ping:
    payload: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Pong:
    """An answer to the server's ping; its payload is ignored."""


@dataclass(frozen=True, slots=True)
class Subscribe:
    id: str
    request: OperationRequest | RequestError
    """An error where the message is well formed, but a value in it is not acceptable."""


@dataclass(frozen=True, slots=True)
class Complete:
    id: str


Message: TypeAlias = Init | Ping | Pong | Subscribe | Complete


def parse_message(text: str | None, limits: Limits) -> Message:
    """Parse a message; None stands for a binary one. Raises MalformedMessage."""
    if text is None:
        raise MalformedMessage("Messages must be text.")
    members, refusal = _parse_members(text, limits)
    if not isinstance(members, dict):
        raise MalformedMessage("The message must be an object.")
    kind = members.get("type")
    if kind == "subscribe":
        # A lone surrogate, which browsers can send, fails only this operation. In other messages it is malformed.
        return Subscribe(_parse_id(members), refusal or _parse_request(members, text, limits))
    if refusal is not None:
        raise MalformedMessage(refusal.errors[0]["message"])
    match kind:
        case "connection_init":
            return Init(_parse_payload(members, text) or {})
        case "ping":
            return Ping(_parse_payload(members, text))
        case "pong":
            _parse_payload(members, text)
            return Pong()
        case "complete":
            return Complete(_parse_id(members))
    raise MalformedMessage("The type of the message is missing or unknown.")


def _parse_members(text: str, limits: Limits) -> tuple[Any, RequestError | None]:
    try:
        return loads(text.encode(), limits, "The message")[0], None
    except RequestError as refusal:
        if refusal.errors[0]["extensions"]["code"] != Code.BAD_USER_INPUT:
            raise MalformedMessage(refusal.errors[0]["message"]) from None
        try:
            return json.loads(text), refusal  # accepts lone surrogates; `loads` has checked the depth
        except ValueError:
            raise MalformedMessage("The message is not valid JSON in UTF-8.") from None


def _parse_id(members: Mapping[str, Any]) -> str:
    id_ = members.get("id")
    if not isinstance(id_, str) or not 1 <= len(id_) <= MAX_ID_LENGTH:
        raise MalformedMessage(f"The id must be a string of 1 to {MAX_ID_LENGTH} characters.")
    if "\0" in id_ or any("\ud800" <= character <= "\udfff" for character in id_):
        raise MalformedMessage("The id contains NUL or half of a surrogate pair.")
    return id_


def _parse_payload(members: Mapping[str, Any], text: str) -> Mapping[str, Any] | None:
    payload = members.get("payload")
    if payload is not None and not isinstance(payload, dict):
        raise MalformedMessage("The payload must be an object.")
    if "\\u0000" in text and payload and contains_nul(OperationRequest(None, payload)):
        raise MalformedMessage("The payload contains a NUL character.")
    return payload


def _parse_request(members: Mapping[str, Any], text: str, limits: Limits) -> OperationRequest | RequestError:
    payload = members.get("payload")
    if not isinstance(payload, dict):
        raise MalformedMessage("The payload must be an object.")
    try:
        request = validate_members(payload)
    except RequestError as refusal:
        raise MalformedMessage(refusal.errors[0]["message"]) from None
    try:
        if "\\u0000" in text and contains_nul(request):
            raise bad_input("A string in the request contains a NUL character.")
        check_depth(request.variables, limits)
    except RequestError as refusal:
        return refusal
    return request


ACK: Final = b'{"type":"connection_ack"}'
PING: Final = b'{"type":"ping"}'


def pong(payload: Mapping[str, Any] | None) -> bytes:
    return b'{"type":"pong"}' if payload is None else b'{"type":"pong","payload":%b}' % orjson.dumps(payload)


def next_prefix(id_: str) -> bytes:
    """Encode the part of a `next` message before its payload; `}` follows the payload."""
    return b'{"id":%b,"type":"next","payload":' % orjson.dumps(id_)


def error(id_: str, errors: list[FormattedError]) -> bytes:
    return b'{"id":%b,"type":"error","payload":%b}' % (orjson.dumps(id_), orjson.dumps(errors))


def complete(id_: str) -> bytes:
    return b'{"id":%b,"type":"complete"}' % orjson.dumps(id_)
