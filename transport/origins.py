"""Which web pages may use this server: one rule for CORS, and for WebSockets, which browsers let through without it."""

import re
from typing import Final

ORIGIN_PATTERN: Final = re.compile(
    r"(?P<scheme>https?)://(?P<name>[a-z0-9._*-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::(?P<port>\d{1,5}))?"
)
"""Scheme, host name and port, as browsers write them: in lower case, no path."""

LOOPBACK_HOSTS: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
DEFAULT_PORTS: Final = {"http": "80", "https": "443"}


class AllowedOrigins:
    """The rule.

    Args:
        allowed: origins such as `https://app.example.org`, ports included where they are not the scheme's own;
            `https://*.example.org` means every name below. `null` (pages without an origin) and `*` (any page at all)
            must be given as they are.
        local: whether pages of this machine may too, whatever port they come from: front ends in development.
    """

    def __init__(self, allowed: tuple[str, ...] = (), *, allow_loopback: bool = False) -> None:
        self._allowed = frozenset(origin.lower().rstrip("/") for origin in allowed)
        self._wildcards = tuple(_parse_origin(origin) for origin in self._allowed if "://*." in origin)
        self._allow_loopback = allow_loopback

    def allows(self, origin: str | None, host: str | None) -> bool:
        """Whether a page may use the server.

        Programs send no `origin` and may. A page of the server itself may always: its origin names the same host and
        port as `host`, the Host header. (Whether that is a name of this server is another question: `check_host`.)
        """
        if origin is None or "*" in self._allowed:
            return True
        origin = origin.lower()
        if origin in self._allowed:
            return True
        match = ORIGIN_PATTERN.fullmatch(origin)
        if match is None or "*" in origin:
            return False
        scheme, name, port = _split(match)
        if self._allow_loopback and name in LOOPBACK_HOSTS:
            return True
        if any(scheme == s and port == p and name.endswith(n.removeprefix("*")) for s, n, p in self._wildcards):
            return True
        return host is not None and f"{name}:{port}" == _with_port(host.lower(), scheme)


def validate_origins(origins: tuple[str, ...]) -> tuple[str, ...]:
    """Texts that may stand among the allowed origins. Raises ValueError if there is another."""
    for value in origins:
        origin = value.lower().rstrip("/")
        match = ORIGIN_PATTERN.fullmatch(origin)
        if origin not in ("*", "null") and (match is None or "*" in match["name"].removeprefix("*.")):
            raise ValueError("an origin is a scheme and a host, such as https://app.example.org")
    return origins


def _parse_origin(origin: str) -> tuple[str, str, str]:
    match = ORIGIN_PATTERN.fullmatch(origin)
    assert match is not None, "checked_origins has looked"
    return _split(match)


def _split(match: re.Match[str]) -> tuple[str, str, str]:
    return match["scheme"], match["name"], match["port"] or DEFAULT_PORTS[match["scheme"]]


def _with_port(host: str, scheme: str) -> str:
    return host if re.search(r":\d+$", host) else f"{host.rstrip(':')}:{DEFAULT_PORTS[scheme]}"
