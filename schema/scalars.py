"""Custom scalars: DateTime, JSON, Base64 and Upload, with strict validation of input.

A message says what a value must be; the transport adds what it is.
"""

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Callable
from datetime import datetime
from math import isfinite
from typing import TYPE_CHECKING, Any, Final, NewType

from graphql import ConstValueNode, GraphQLError, GraphQLScalarType, StringValueNode, value_from_ast_untyped
from strawberry.types.scalar import ScalarDefinition

from models.clock import MAX_INSTANT, SECOND, Instant, to_rfc3339
from models.uploaded_file import UploadedFile

if TYPE_CHECKING:
    # The Python types of their values; at run time strawberry looks up scalars by distinct types.
    DateTime = int
    JSON = Any
    Base64 = bytes
    Upload = UploadedFile
else:
    DateTime = NewType("DateTime", int)
    JSON = NewType("JSON", object)
    Base64 = NewType("Base64", bytes)
    Upload = NewType("Upload", object)

_DATE_TIME: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt]((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:\.(\d+))?([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)",
    re.ASCII,
)
_MIN_INSTANT: Final = -62_135_596_800_000
"""0001-01-01T00:00:00.000Z"""

MAX_JSON_DEPTH: Final = 32
_JSON_INTEGERS: Final = range(-(2**63), 2**64)
"""Integers that JSON storage keeps exactly."""
_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")


def parse_datetime(text: object) -> Instant:
    """Parse RFC 3339 text with an offset, truncated to milliseconds.

    Raises:
        GraphQLError: it is malformed, or outside the years 0001 to 9999 of UTC.
    """
    match = _DATE_TIME.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise GraphQLError("must be an RFC 3339 date and time with an offset, such as 2024-05-31T14:00:00.000Z")
    date, time, fraction, offset = match.groups()
    try:
        whole = int(datetime.fromisoformat(f"{date}T{time}{offset.upper()}").timestamp())
    except ValueError:
        raise GraphQLError("must be a day of the calendar") from None
    instant = whole * SECOND + int(((fraction or "") + "000")[:3])
    if not _MIN_INSTANT <= instant <= MAX_INSTANT:
        raise GraphQLError("must be in the years 0001 to 9999 of UTC")
    return instant


def validate_json(value: Any, depth: int = 0) -> Any:
    """Return a JSON value unchanged.

    Raises:
        GraphQLError: it is nested too deeply, or has a value that cannot be stored and read back.
    """
    if isinstance(value, dict | list):
        if depth == MAX_JSON_DEPTH:
            raise GraphQLError(f"must not be nested deeper than {MAX_JSON_DEPTH} levels")
        if isinstance(value, dict):
            for name in value:
                _validate_json_text(name)
        for item in value.values() if isinstance(value, dict) else value:
            validate_json(item, depth + 1)
    elif isinstance(value, str):
        _validate_json_text(value)
    elif isinstance(value, float) and not isfinite(value):
        raise GraphQLError("must have finite numbers only")
    elif isinstance(value, int) and value not in _JSON_INTEGERS:
        raise GraphQLError("must not have integers of more than 64 bits")
    elif not (value is None or isinstance(value, int | float)):
        raise GraphQLError("must be JSON")
    return value


def _validate_json_text(text: object) -> None:
    if not isinstance(text, str) or _UNSTORABLE.search(text):
        raise GraphQLError("must not have text with NUL or half a surrogate pair")


def parse_base64(text: object) -> bytes:
    """Decode standard base64 text with padding.

    Raises:
        GraphQLError: it is not the canonical encoding of any bytes.
    """
    try:
        data = b64decode(text, validate=True) if isinstance(text, str) else None
    except (Base64Error, ValueError):
        data = None
    # b64decode ignores stray bits and text after the padding: compare with the canonical encoding.
    if data is None or format_base64(data) != text:
        raise GraphQLError("must be standard Base64 with padding, such as aGVsbG8=")
    return data


def format_base64(data: bytes) -> str:
    return b64encode(data).decode()


def parse_upload(value: object) -> UploadedFile:
    """
    Raises:
        GraphQLError: it is not a file of the request.
    """
    if not isinstance(value, UploadedFile):
        raise GraphQLError("must be a file part of a multipart request")
    return value


def _string_literal(coerce: Callable[[object], object]) -> Callable[[ConstValueNode], object]:
    """Parse literals that are strings, and reject all others."""
    return lambda node: coerce(node.value if isinstance(node, StringValueNode) else None)


def _scalar(  # noqa: PLR0913 - keyword arguments of GraphQLScalarType
    name: str,
    description: str,
    *,
    parse: Callable[[Any], object],
    parse_literal: Callable[[ConstValueNode], object],
    serialize: Callable[[Any], object] | None = None,
    url: str | None = None,
) -> ScalarDefinition:
    scalar = GraphQLScalarType(
        name,
        coerce_input_value=parse,
        coerce_input_literal=parse_literal,
        coerce_output_value=serialize,
        description=description,
        specified_by_url=url,
    )
    return ScalarDefinition(
        name=name,
        description=description,
        specified_by_url=url,
        serialize=None,
        parse_value=None,
        parse_literal=None,
        implementation=scalar,
    )


SCALARS: Final[dict[object, ScalarDefinition]] = {
    DateTime: _scalar(
        "DateTime",
        "An instant. Input: RFC 3339 with an offset, such as `2024-05-31T14:00:00+02:00`, years 0001 to 9999, "
        "truncated to milliseconds. Output: UTC with milliseconds and `Z`.",
        parse=parse_datetime,
        parse_literal=_string_literal(parse_datetime),
        serialize=to_rfc3339,
        url="https://scalars.graphql.org/andimarek/date-time.html",
    ),
    JSON: _scalar(
        "JSON",
        "Any JSON value, also written as a literal. Integers have at most 64 bits, text has no NUL, and values are "
        f"nested at most {MAX_JSON_DEPTH} levels deep.",
        parse=validate_json,
        parse_literal=lambda node: validate_json(value_from_ast_untyped(node)),
        url="https://datatracker.ietf.org/doc/html/rfc8259",
    ),
    Base64: _scalar(
        "Base64",
        "Binary data as standard base64 text (RFC 4648, section 4) with padding.",
        parse=parse_base64,
        parse_literal=_string_literal(parse_base64),
        serialize=format_base64,
        url="https://datatracker.ietf.org/doc/html/rfc4648#section-4",
    ),
    Upload: _scalar(
        "Upload",
        "A file of a multipart request, sent as a variable: see the GraphQL multipart request specification.",
        parse=parse_upload,
        parse_literal=parse_upload,
        url="https://github.com/jaydenseric/graphql-multipart-request-spec",
    ),
}
