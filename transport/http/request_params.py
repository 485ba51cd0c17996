"""The members of a request: `query`, `variables`, `operationName`, `extensions`; others are ignored."""

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from transport.errors import bad_input, bad_request, too_complex
from transport.http.strict_json import loads
from transport.request import OperationRequest
from transport.settings import Limits

NO_QUERY: Final = "The request has no query: a string with a GraphQL document."

# Members by which clients name a trusted document instead of sending it.
DOCUMENT_IDS: Final = ("documentId", "doc_id", "id")


def from_body(body: bytes, limits: Limits) -> OperationRequest:
    """Read the request from a JSON body. Raises RequestError: BAD_REQUEST, BAD_USER_INPUT, QUERY_TOO_COMPLEX."""
    members, depth = loads(body, limits, "The body")
    if isinstance(members, list):
        raise bad_request("Batches are not supported: the body must be one JSON object.")
    if not isinstance(members, dict):
        raise bad_request("The body must be a JSON object.")
    request = validate_members(members)
    # In JSON only an escape can write NUL: without one the values need not be searched.
    if b"\\u0000" in body and contains_nul(request):
        raise bad_input("A string in the request contains a NUL character.")
    if depth > limits.variables_depth:
        check_depth(request.variables, limits)
    return request


def from_query_string(query_string: bytes, limits: Limits) -> OperationRequest | None:
    """Read the request from the query string of a GET; None if it neither has a document nor names one.

    Raises RequestError like `from_body`.
    """
    try:
        pairs = parse_qsl(query_string.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=100)
    except ValueError:
        raise bad_request("The query string is malformed.") from None
    members: dict[str, Any] = dict(pairs)
    if len(members) < len(pairs):
        raise bad_request("A parameter of the query string is repeated.")
    if not members.keys() & {"query", "extensions", *DOCUMENT_IDS}:
        return None
    for name in ("variables", "extensions"):
        text = members.get(name)
        members[name] = loads(text.encode(), limits, name)[0] if text else None
    request = validate_members(members)
    if contains_nul(request):
        raise bad_input("A string in the request contains a NUL character.")
    check_depth(request.variables, limits)
    return request


def validate_members(members: Mapping[str, Any]) -> OperationRequest:
    """Check the types of the members."""
    query, document_id = select_document(members)
    name = members.get("operationName")
    if name is not None and not isinstance(name, str):
        raise bad_request("operationName must be a string.")
    return OperationRequest(
        query=query,
        variables=require_object(members, "variables"),
        # Some clients send "" for none; no operation can have that name.
        operation_name=name or None,
        extensions=require_object(members, "extensions"),
        document_id=document_id,
    )


def select_document(members: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return the document, or else the id that names it; neither where a hash in the extensions does."""
    query = members.get("query")
    if isinstance(query, str):
        return query, None
    names = (members.get(name) for name in DOCUMENT_IDS)
    document_id = next((name for name in names if isinstance(name, str) and name), None)
    if query is not None or not (document_id or require_object(members, "extensions").get("persistedQuery")):
        raise bad_request(NO_QUERY)
    return None, document_id


def require_object(members: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return a member that is an object; empty if absent."""
    value = members.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise bad_request(f"{name} must be an object.")
    return value


def check_depth(variables: Mapping[str, Any], limits: Limits) -> None:
    """Raise RequestError if the variables are nested too deeply."""
    depth = 0
    level: list[Any] = [variables]
    while level:
        depth += 1
        if depth > limits.variables_depth:
            raise too_complex("variables depth", limits.variables_depth)
        level = [child for value in level for child in children(value) if isinstance(child, dict | list)]


def contains_nul(request: OperationRequest) -> bool:
    """Return whether a string or name in the request has a NUL character, which some databases cannot store."""
    if "\0" in (request.query or "") or "\0" in (request.operation_name or ""):
        return True
    stack: list[Any] = [request.variables]
    while stack:
        value = stack.pop()
        if isinstance(value, str):
            if "\0" in value:
                return True
        else:
            stack.extend(children(value))
            stack.extend(value if isinstance(value, dict) else ())
    return False


def children(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value
