"""Request headers, read from the ASGI scope."""

from starlette.types import Scope


def header_values(scope: Scope, name: bytes) -> list[str]:
    """Return all values of a header; `name` in lower case."""
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


def joined_header(scope: Scope, name: bytes) -> str:
    """Return the values of a list header as one list; "" if absent. Cut after 2,000 characters."""
    return ", ".join(header_values(scope, name))[:2_000]
