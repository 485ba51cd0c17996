"""Allowed hosts and origins."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from main import Settings
from transport.http.host_check import is_allowed_host
from transport.origins import AllowedOrigins, validate_hosts, validate_origins

OWN = "sessions.example.org:8000"


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        (None, OWN),
        (None, None),
        ("http://sessions.example.org:8000", OWN),
        ("https://sessions.example.org:8000", OWN),
        ("HTTP://Sessions.Example.org:8000", OWN),
        ("https://sessions.example.org", "sessions.example.org"),
        ("https://sessions.example.org", "sessions.example.org:443"),
        ("http://sessions.example.org", "sessions.example.org:80"),
        ("http://127.0.0.1:8000", "127.0.0.1:8000"),
        ("http://[::1]:8000", "[::1]:8000"),
        ("http://[::1]", "[::1]"),
    ],
)
def test_own_pages_and_other_clients_are_allowed(origin: str | None, host: str | None) -> None:
    assert AllowedOrigins().allows(origin, host)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://evil.example.com", OWN),
        ("http://sessions.example.org", OWN),
        ("http://sessions.example.org:8001", OWN),
        ("https://sessions.example.org", "sessions.example.org:80"),
        ("http://sessions.example.org.evil.com:8000", OWN),
        ("http://evil.com/http://sessions.example.org:8000", OWN),
        ("http://sessions.example.org:8000/", OWN),
        ("http://user@sessions.example.org:8000", OWN),
        ("ftp://sessions.example.org:8000", OWN),
        ("null", OWN),
        ("", OWN),
        ("*", OWN),
        ("http://*:8000", "*:8000"),
        ("http://sessions.example.org:8000", None),
        ("http://localhost:8000", OWN),
        ("http://sessions.example.org:8000, http://evil.com", OWN),
    ],
)
def test_other_origins_are_refused(origin: str, host: str | None) -> None:
    assert not AllowedOrigins().allows(origin, host)


@pytest.mark.parametrize("origin", ["http://localhost:5173", "https://localhost", "http://127.0.0.1", "http://[::1]:9"])
def test_loopback_origins_are_allowed_by_option(origin: str) -> None:
    assert AllowedOrigins(allow_loopback=True).allows(origin, "127.0.0.1:8000")
    assert not AllowedOrigins().allows(origin, "127.0.0.1:8000")
    assert not AllowedOrigins(allow_loopback=True).allows(
        origin.replace("localhost", "localhost.evil.com") + ".x", "127.0.0.1:8000"
    )


def test_listed_origins_are_allowed_and_no_others() -> None:
    origins = AllowedOrigins(("https://App.example.org/", "https://*.partner.example", "http://dev.example:3000"))
    assert origins.allows("https://app.example.org", OWN)
    assert origins.allows("https://a.partner.example", OWN)
    assert origins.allows("https://a.b.partner.example:443", OWN)
    assert origins.allows("http://dev.example:3000", OWN)
    assert not origins.allows("http://app.example.org", OWN)
    assert not origins.allows("https://app.example.org:8443", OWN)
    assert not origins.allows("https://partner.example", OWN)
    assert not origins.allows("https://evilpartner.example", OWN)
    assert not origins.allows("http://a.partner.example", OWN)
    assert not origins.allows("https://a.partner.example:8443", OWN)


def test_wildcard_and_null_origins_must_be_listed() -> None:
    assert AllowedOrigins(("*",)).allows("https://anywhere.example", OWN)
    assert AllowedOrigins(("*",)).allows("null", OWN)
    assert AllowedOrigins(("null",)).allows("null", OWN)
    assert not AllowedOrigins(("null",)).allows("https://anywhere.example", OWN)


@pytest.mark.parametrize("text", ["*", "null", "https://a.example", "http://a.example:3000/", "https://*.a.example"])
def test_valid_origins_are_accepted(text: str) -> None:
    assert validate_origins((text,)) == (text,)


@pytest.mark.parametrize(
    "text",
    [
        "a.example",
        "https://a.example/app",
        "https://*",
        "https://*.",
        "https://a*.example",
        "ws://a",
        " ",
        "http://a:70000",
    ],
)
def test_malformed_origins_are_rejected(text: str) -> None:
    with pytest.raises(ValueError, match="scheme and a host"):
        validate_origins((text,))


def test_all_malformed_origins_are_named() -> None:
    with pytest.raises(ValueError, match=r"a\.example, ws://b is not allowed"):
        validate_origins(("a.example", "https://c.example", "ws://b"))


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("App.Example.org.", "app.example.org"),
        ("localhost", "localhost"),
        ("my_service", "my_service"),
        ("*.example.org", "*.example.org"),
        ("*", "*"),
        ("192.0.2.1", "192.0.2.1"),
        ("2001:DB8::0:1", "[2001:db8::1]"),
        ("[::1]", "[::1]"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
    ],
)
def test_hosts_are_normalized(text: str, host: str) -> None:
    assert validate_hosts((text,)) == (host,)


@pytest.mark.parametrize(
    "text",
    [
        "http://x",
        "x:8000",
        "[::1]:8000",
        "x/y",
        "a b",
        "*.",
        "**",
        "a.*",
        "*x",
        "a..b",
        "-a",
        "bücher.example",
        "*.::1",
        '["x"]',
    ],
)
def test_malformed_hosts_are_rejected(text: str) -> None:
    with pytest.raises(ValueError, match="without scheme, port and path"):
        validate_hosts(("localhost", text))


HOST_NAMES = st.from_regex(r"[A-Za-z0-9_]([A-Za-z0-9-]{0,8}[A-Za-z0-9])?(\.[A-Za-z0-9]{1,8}){0,3}\.?", fullmatch=True)


@given(name=HOST_NAMES | st.ip_addresses(v=6).map(str), port=st.sampled_from(["", ":8000"]))
def test_every_accepted_host_is_served_with_any_port(name: str, port: str) -> None:
    allowed = validate_hosts((name,))
    host = f"[{name}]" if ":" in name else name
    assert is_allowed_host(host.upper() + port, allowed)
    assert not is_allowed_host(f"other.{host}{port}", allowed)
    if ":" not in name:
        assert is_allowed_host(f"sub.{name}{port}", validate_hosts((f"*.{name}",)))
        assert not is_allowed_host(f"{name}{port}", validate_hosts((f"*.{name}",)))


def test_origin_list_replaces_loopback_origins(monkeypatch: pytest.MonkeyPatch) -> None:
    here = "http://localhost:5173"
    assert Settings(host="127.0.0.1").origins.allows(here, "127.0.0.1:8000")
    assert not Settings(host="192.0.2.1", insecure=True).origins.allows(here, "192.0.2.1:8000")
    monkeypatch.setenv("ALLOWED_ORIGINS", "https://a.example, https://b.example")
    origins = Settings(host="127.0.0.1").origins
    assert origins.allows("https://b.example", "127.0.0.1:8000")
    assert not origins.allows(here, "127.0.0.1:8000")


def test_malformed_origin_setting_is_rejected() -> None:
    with pytest.raises(ValueError, match="scheme and a host"):
        Settings(allowed_origins=("a.example",))
