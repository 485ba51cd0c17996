"""Request headers, straight from the ASGI scope."""

import re
from functools import lru_cache

from starlette.types import Scope

from transport.errors import bad_request

HOST_PATTERN = re.compile(r"(?P<name>[A-Za-z0-9._~!$&'()*+,;=%-]+|\[[0-9A-Fa-f:.]+\])(?::\d{0,5})?")
"""`host [":" port]` of RFC 9110 §7.2."""


def header_values(scope: Scope, name: bytes) -> list[str]:
    """All values of a header; `name` in lower case."""
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


def joined_header(scope: Scope, name: bytes) -> str:
    """The values of a header that is a list, in one; "" if it is not there. Cut after 2,000 characters."""
    return ", ".join(header_values(scope, name))[:2_000]


def check_host(scope: Scope, allowed: tuple[str, ...]) -> None:
    """Refuse a request whose Host is missing, doubled, malformed or not of this server.

    Against DNS rebinding (a foreign page whose name suddenly points here) only `allowed` helps.
    """
    hosts = header_values(scope, b"host")
    if len(hosts) != 1 or len(hosts[0]) > 300 or not is_allowed_host(hosts[0], allowed):
        raise bad_request("The Host header is missing, malformed, or not a name of this server.")


@lru_cache(maxsize=256)
def is_allowed_host(host: str, allowed: tuple[str, ...]) -> bool:
    """Whether a Host is well formed and, where names are given, one of these."""
    match = HOST_PATTERN.fullmatch(host)
    if match is None:
        return False
    name = match["name"].lower().rstrip(".")
    return not allowed or any(matches_host_pattern(name, pattern.lower()) for pattern in allowed)


def matches_host_pattern(name: str, pattern: str) -> bool:
    """Whether a host name is the pattern, or below it where that begins with `*.`."""
    return name == pattern or (pattern.startswith("*.") and name.endswith(pattern[1:]))
