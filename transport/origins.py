"""Allowed origins: one rule for CORS and for WebSockets, to which browsers do not apply CORS."""

import re
from typing import Final

ORIGIN_PATTERN: Final = re.compile(
    r"(?P<scheme>https?)://(?P<name>[a-z0-9._*-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::(?P<port>\d{1,5}))?"
)
"""Scheme, host name and port in lower case, without a path."""

LOOPBACK_HOSTS: Final = ("localhost", "127.0.0.1", "[::1]")
DEFAULT_PORTS: Final = {"http": "80", "https": "443"}


class AllowedOrigins:
    """Origins whose pages may use the server, beside its own.

    Args:
        allowed: origins such as `https://app.example.org`, with the port unless it is the scheme's default;
            `https://*.example.org` for all subdomains, `null` for pages without an origin, `*` for any page.
        allow_loopback: whether to allow loopback origins on any port, for front ends in development.
    """

    def __init__(self, allowed: tuple[str, ...] = (), *, allow_loopback: bool = False) -> None:
        self._allowed = frozenset(origin.lower().rstrip("/") for origin in allowed)
        self._wildcards = tuple(_parse_origin(origin) for origin in self._allowed if "://*." in origin)
        self._allow_loopback = allow_loopback

    def allows(self, origin: str | None, host: str | None) -> bool:
        """Return whether a page may use the server.

        Clients other than browsers send no `origin`, and may. So may the server's own pages, whose origin has the host
        and port of `host`, the Host header (which `check_host` checks).
        """
        if origin is None or "*" in self._allowed:
            return True
        origin = origin.lower()
        if origin in self._allowed:
            return True
        match = ORIGIN_PATTERN.fullmatch(origin)
        if match is None or "*" in origin:  # a `*` in a request is not a wildcard
            return False
        scheme, name, port = _split(match)  # browsers omit default ports, settings may not
        if self._allow_loopback and name in LOOPBACK_HOSTS:
            return True
        if any(scheme == s and port == p and name.endswith(n.removeprefix("*")) for s, n, p in self._wildcards):
            return True
        return host is not None and f"{name}:{port}" == _with_port(host.lower(), scheme)


def validate_origins(origins: tuple[str, ...]) -> tuple[str, ...]:
    """Return the origins. Raises ValueError if one is malformed."""
    for value in origins:
        origin = value.lower().rstrip("/")
        match = ORIGIN_PATTERN.fullmatch(origin)
        if origin not in ("*", "null") and (match is None or "*" in match["name"].removeprefix("*.")):
            raise ValueError("an origin is a scheme and a host, such as https://app.example.org")
    return origins


def _parse_origin(origin: str) -> tuple[str, str, str]:
    match = ORIGIN_PATTERN.fullmatch(origin)
    assert match is not None, "validate_origins has checked it"
    return _split(match)


def _split(match: re.Match[str]) -> tuple[str, str, str]:
    return match["scheme"], match["name"], match["port"] or DEFAULT_PORTS[match["scheme"]]


def _with_port(host: str, scheme: str) -> str:
    return host if re.search(r":\d+$", host) else f"{host.rstrip(':')}:{DEFAULT_PORTS[scheme]}"
