"""Address of a client, also behind proxies."""

import ipaddress
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, TypeAlias

from starlette.types import Scope

from transport.http.headers import request_headers

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Networks: TypeAlias = tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]

MAX_HOPS: Final = 10
"""Addresses of X-Forwarded-For that are looked at, from the right."""
IPV6_PREFIX: Final = 64
"""A customer of a provider has such a network, and any address of it at will."""
FORWARDED_ADDRESS: Final = re.compile(r"\[([^\[\]]+)\](?::\d*)?|([^:]+):\d*|(.+)")
"""An address with or without a port."""


def client_address(scope: Scope, trusted_proxies: Networks) -> str:
    """Return the address that a client's limits are counted by; of IPv6 the network.

    X-Forwarded-For counts only from a trusted proxy, and only what trusted proxies have added: from the right up to the
    first address that is none. The header Forwarded (RFC 7239) is not read: a proxy that writes the one passes the
    other on as the client has sent it.
    """
    peer: str = scope["client"][0] if scope.get("client") else ""
    if trusted_proxies and is_trusted(peer, trusted_proxies):
        peer = forwarded_address(request_headers(scope).values(b"x-forwarded-for"), trusted_proxies) or peer
    return limited_network(peer)


@lru_cache(maxsize=1024)
def is_trusted(text: str, networks: Networks) -> bool:
    address = parse_address(text)
    return address is not None and any(address in network for network in networks)


def forwarded_address(headers: Iterable[str], trusted_proxies: Networks) -> str | None:
    """Return the nearest address that is no trusted proxy's, else the farthest proxy; None without any."""
    nearest: str | None = None
    for text in reversed(",".join(headers).rsplit(",", MAX_HOPS)[-MAX_HOPS:]):
        match = FORWARDED_ADDRESS.fullmatch(text.strip())
        address = parse_address(next(filter(None, match.groups()))) if match else None
        if address is None:
            break  # what a trusted proxy does not know, it cannot vouch for
        nearest = str(address)
        if not any(address in network for network in trusted_proxies):
            break
    return nearest


def parse_address(text: str) -> Address | None:
    """Return an IP address, IPv4 in IPv6 as IPv4; None for any other text."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])  # without the zone
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


@lru_cache(maxsize=1024)
def limited_network(text: str) -> str:
    address = parse_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((address, IPV6_PREFIX), strict=False))
    return str(address or text)


def parse_networks(texts: Iterable[str]) -> Networks:
    """Return networks by their texts, or addresses. Raises ValueError with all that are malformed."""
    networks, wrong = [], []
    for text in texts:
        try:
            networks.append(ipaddress.ip_network(text))
        except ValueError:
            wrong.append(text)
    if wrong:
        raise ValueError(
            f"{', '.join(wrong)} is not allowed: give IP addresses or networks, such as 127.0.0.1, 10.0.0.0/8, ::1"
        )
    return tuple(networks)
