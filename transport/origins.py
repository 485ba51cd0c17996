"""Allowed hosts and origins. One rule for origins: CORS, and WebSockets, to which browsers do not apply CORS."""

import ipaddress
import re
from typing import Final

ORIGIN_PATTERN: Final = re.compile(
    r"(?P<scheme>https?)://(?P<name>[a-z0-9._*-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::(?P<port>\d{1,5}))?"
)
"""Scheme, host name and port in lower case, without a path."""

HOST_NAME_PATTERN: Final = re.compile(
    r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62}(?<!-))?(\.[a-z0-9_]([a-z0-9_-]{0,62}(?<!-))?)*"
)
"""A host name or an IPv4 address in lower case."""

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


def normalize_host(value: str) -> str | None:
    """Return a host name or IP address as browsers send it, IPv6 in brackets; None if it is neither."""
    name = value.lower().rstrip(".")
    try:
        return f"[{ipaddress.IPv6Address(name.removeprefix('[').removesuffix(']'))}]"
    except ValueError:
        return name if HOST_NAME_PATTERN.fullmatch(name) else None


def validate_hosts(hosts: tuple[str, ...]) -> tuple[str, ...]:
    """Return host names as the Host check compares them. Raises ValueError with all that are malformed."""
    names = {value: value if value == "*" else _normalize_pattern(value) for value in hosts}
    if wrong := [value for value, name in names.items() if name is None]:
        raise ValueError(
            f"{', '.join(wrong)} is not allowed: give names without scheme, port and path, such as app.example.org, "
            "*.example.org (its subdomains), 192.0.2.1, [2001:db8::1], or * (any name)"
        )
    return tuple(name for name in names.values() if name is not None)


def validate_origins(origins: tuple[str, ...]) -> tuple[str, ...]:
    """Return the origins. Raises ValueError with all that are malformed."""
    if wrong := [value for value in origins if not _is_origin(value.lower().rstrip("/"))]:
        raise ValueError(
            f"{', '.join(wrong)} is not allowed: an origin is a scheme and a host, such as https://app.example.org, "
            "https://*.example.org (its subdomains), http://localhost:3000; or null, or * (any origin)"
        )
    return origins


def _is_origin(value: str) -> bool:
    match = ORIGIN_PATTERN.fullmatch(value)
    if match is None:
        return value in ("*", "null")
    return _normalize_pattern(match["name"]) is not None and int(match["port"] or 80) <= 65535


def _normalize_pattern(value: str) -> str | None:
    """Normalize a host name that may begin with `*.`."""
    wildcard = "*." if value.startswith("*.") else ""
    name = normalize_host(value.removeprefix("*."))
    return None if name is None or (wildcard and name.startswith("[")) else wildcard + name


def _parse_origin(origin: str) -> tuple[str, str, str]:
    match = ORIGIN_PATTERN.fullmatch(origin)
    assert match is not None, "validate_origins has checked it"
    return _split(match)


def _split(match: re.Match[str]) -> tuple[str, str, str]:
    return match["scheme"], match["name"], match["port"] or DEFAULT_PORTS[match["scheme"]]


def _with_port(host: str, scheme: str) -> str:
    return host if re.search(r":\d+$", host) else f"{host.rstrip(':')}:{DEFAULT_PORTS[scheme]}"
