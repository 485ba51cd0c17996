"""Addresses of clients, behind proxies and not."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transport import TransportSettings
from transport.client_address import client_address

PROXIES = TransportSettings(trusted_proxies="10.0.0.0/8, 2001:db8:ffff::/48, 192.0.2.254").trusted_proxies


def address_of(peer: str, *forwarded: str) -> str:
    headers = [(b"x-forwarded-for", value.encode("latin-1")) for value in forwarded]
    return client_address({"client": (peer, 1), "headers": headers}, PROXIES)


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        ((), "10.0.0.1"),
        (("",), "10.0.0.1"),
        (("203.0.113.7",), "203.0.113.7"),
        (("198.51.100.1, 203.0.113.7",), "203.0.113.7"),
        (("198.51.100.1", "203.0.113.7"), "203.0.113.7"),
        (("203.0.113.7, 10.1.1.1,192.0.2.254",), "203.0.113.7"),
        (("203.0.113.7", "10.1.1.1", "10.2.2.2"), "203.0.113.7"),
        (("10.3.3.3, 10.2.2.2",), "10.3.3.3"),
        (("203.0.113.7:4711",), "203.0.113.7"),
        (("2001:db8:1:2:3::4",), "2001:db8:1:2::/64"),
        (("[2001:db8:1:2:3::4]",), "2001:db8:1:2::/64"),
        (("[2001:db8:1:2:3::4]:4711",), "2001:db8:1:2::/64"),
        (("fe80::1%eth0",), "fe80::/64"),
        (("[fe80::1%25eth0]:443",), "fe80::/64"),
        (("::ffff:203.0.113.7",), "203.0.113.7"),
        (("203.0.113.7, ::ffff:10.0.0.2",), "203.0.113.7"),
        (("203.0.113.7, 2001:db8:ffff::1",), "203.0.113.7"),
        (("203.0.113.7, unknown",), "10.0.0.1"),
        (("203.0.113.7, _hidden, 10.0.0.2",), "10.0.0.2"),
        (("203.0.113.7,",), "10.0.0.1"),
        (("for=203.0.113.7",), "10.0.0.1"),
        (("[203.0.113.7", "203.0.113.7]"), "10.0.0.1"),
        (("203.0.113.7, " + "10.0.0.2, " * 50 + "10.0.0.3",), "10.0.0.2"),
        (("1" * 60_000,), "10.0.0.1"),
    ],
)
def test_trusted_proxies_are_skipped_from_the_right(forwarded: tuple[str, ...], expected: str) -> None:
    assert address_of("10.0.0.1", *forwarded) == expected


@pytest.mark.parametrize("peer", ["203.0.113.9", "192.0.2.253", "11.0.0.1", "testclient"])
def test_other_peers_cannot_forward_addresses(peer: str) -> None:
    assert address_of(peer, "198.51.100.1") == peer


@given(st.lists(st.text(st.characters(max_codepoint=255)), max_size=3))
def test_spoofed_left_parts_change_nothing(spoofed: list[str]) -> None:
    assert address_of("10.0.0.1", *spoofed, "203.0.113.7") == "203.0.113.7"


@given(st.lists(st.text(st.characters(max_codepoint=255)), max_size=3))
def test_no_text_of_a_client_becomes_its_address(forwarded: list[str]) -> None:
    ipaddress.ip_network(address_of("10.0.0.1", *forwarded))


def test_forwarded_of_rfc_7239_is_not_read() -> None:
    headers = [(b"forwarded", b"for=198.51.100.1")]
    assert client_address({"client": ("10.0.0.1", 1), "headers": headers}, PROXIES) == "10.0.0.1"


def test_client_without_address_is_served() -> None:
    assert client_address({"client": None, "headers": []}, PROXIES) == ""


@pytest.mark.parametrize("value", ["proxy.example.org", "10.0.0.1/8", "10.0.0.0/33", "*", "127.0.0.1:80"])
def test_malformed_proxies_are_named(value: str) -> None:
    with pytest.raises(ValueError, match="is not allowed: give IP addresses or networks"):
        TransportSettings(trusted_proxies=f"127.0.0.1, {value}")
