"""Origins of web pages, as tokens name them."""

import ipaddress
import re
from collections.abc import Iterable
from typing import Final

from models.problems import quote

_FORMAT: Final = re.compile(
    r"(?P<scheme>https?)://(?P<name>(?:\*\.)?[a-z0-9_](?:[a-z0-9._-]{0,251}[a-z0-9_])?|\[[0-9a-f:.]{2,45}\])"
    r"(?::(?P<port>\d{1,5}))?",
    re.ASCII,
)
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_WILDCARD: Final = "://*."


def normalize_origin(text: str) -> str:
    """Return an origin as browsers send it: in lower case, IPv6 short, without the default port of its scheme.

    `https://*.example.org` stands for all subdomains. `*` and `null` are refused: no page would be excluded.

    Raises:
        ValueError: it is no origin.
    """
    match = _FORMAT.fullmatch(text.lower().removesuffix("/"))
    name = None if match is None else _normalize_host(match["name"])
    if match is None or name is None or int(match["port"] or 80) > 65535:
        raise ValueError(
            "must be an origin, a scheme and a host, such as https://app.example.org, https://*.example.org (its "
            f"subdomains) or http://localhost:3000, not {quote(text)}"
        )
    port = int(match["port"] or 0)
    suffix = "" if port in (0, _DEFAULT_PORTS[match["scheme"]]) else f":{port}"
    return f"{match['scheme']}://{name}{suffix}"


def _normalize_host(name: str) -> str | None:
    """Return a host name or IPv6 address as browsers send it; None if it is neither."""
    if not name.startswith("["):
        return None if ".." in name else name
    try:
        return f"[{ipaddress.IPv6Address(name[1:-1])}]"
    except ValueError:
        return None


class Origins:
    """Origins and patterns that `normalize_origin` has returned."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._exact = frozenset(patterns)
        self._wildcards = [tuple(pattern.split("*", 1)) for pattern in self._exact if _WILDCARD in pattern]

    def contain(self, origin: str | None) -> bool:
        """Return whether a header Origin is one of them; None, of a client that sent no such header, is not."""
        if origin is None or "*" in origin:  # a `*` in a request is not a wildcard
            return False
        origin = origin.lower()
        return origin in self._exact or any(
            origin.startswith(scheme) and origin.endswith(host) and _FORMAT.fullmatch(origin) is not None
            for scheme, host in self._wildcards
        )
