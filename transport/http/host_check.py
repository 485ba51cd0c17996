"""The Host check (RFC 9110, section 7.2)."""

import re
from functools import lru_cache
from typing import Final

from transport.errors import bad_request
from transport.http.headers import RequestHeaders

# `host [":" port]`
HOST_PATTERN: Final = re.compile(r"(?P<name>[A-Za-z0-9._~!$&'()*+,;=%-]+|\[[0-9A-Fa-f:.]+\])(?::\d{0,5})?")


def check_host(headers: RequestHeaders, allowed: tuple[str, ...]) -> None:
    """Raise RequestError if the Host is missing, repeated, malformed or not in `allowed` (empty: any).

    Only `allowed` protects from DNS rebinding, where the name of a foreign page suddenly resolves to this server.
    """
    hosts = headers.values(b"host")
    if len(hosts) != 1 or len(hosts[0]) > 300 or not is_allowed_host(hosts[0], allowed):
        raise bad_request("The Host header is missing, malformed, or not a name of this server.")


@lru_cache(maxsize=256)
def is_allowed_host(host: str, allowed: tuple[str, ...]) -> bool:
    match = HOST_PATTERN.fullmatch(host)
    if match is None:
        return False
    name = match["name"].lower().rstrip(".")
    return not allowed or any(matches_host_pattern(name, pattern) for pattern in allowed)


def matches_host_pattern(name: str, pattern: str) -> bool:
    """Return whether a host name equals the pattern, is a subdomain where that begins with `*.`, or it is `*`."""
    return pattern in ("*", name) or (pattern.startswith("*.") and name.endswith(pattern[1:]))
