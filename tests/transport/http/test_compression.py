"""gzip for long responses."""

import pytest

from tests.transport.fake_app import FakeApp, GraphQLClient, open_client
from transport import TransportSettings
from transport.http.compression import accepts_gzip

BODY = b'{"query":"query($n:String){hello(name:$n)}","variables":{"n":"%s"}}'
FRAME = len(b'{"data":{"hello":"Hello, "}}')


def body_for_length(length: int) -> bytes:
    """Build a request whose response has this length."""
    return BODY % (b"x" * (length - FRAME))


@pytest.mark.parametrize("length", [1024, 10_000, 500_000])
async def test_long_response_is_compressed_if_accepted(client: GraphQLClient, length: int) -> None:
    plain = await client.post(body_for_length(length), headers={"accept-encoding": "identity"})
    packed = await client.post(body_for_length(length), headers={"accept-encoding": "gzip, br"})
    assert len(plain.content) == length
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < length / 10
    assert packed.content == plain.content
    assert packed.json() == plain.json()
    for response in (plain, packed):
        assert "Accept-Encoding" in response.headers["vary"]


async def test_short_response_is_not_compressed(client: GraphQLClient) -> None:
    response = await client.post(body_for_length(1023), headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in response.headers
    assert len(response.content) == 1023


ACCEPTING = ("gzip", "GZIP", "deflate, gzip;q=0.5", "gzip; q=1.0, *;q=0", "*", "*;q=0.1", "x-gzip")
REFUSING = ("", "identity", "br, deflate", "gzip;q=0", "gzip;q=0.000", "gzip;q=0, *", "*;q=0", "gzip;q=x")
OTHERS = ("gzipped", "not-gzip;x=gzip")


@pytest.mark.parametrize("accepted", [*ACCEPTING, *REFUSING, *OTHERS])
def test_accept_encoding_decides_on_gzip(accepted: str) -> None:
    assert accepts_gzip(accepted) is (accepted in ACCEPTING)


@pytest.mark.parametrize(("minimum", "packed"), [(100, True), (101, False), (0, False)])
async def test_compression_threshold_is_a_setting(fake_app: FakeApp, minimum: int, packed: bool) -> None:
    async with open_client(fake_app, TransportSettings(gzip_bytes=minimum)) as client:
        response = await client.post(body_for_length(100), headers={"accept-encoding": "gzip"})
    assert response.headers.get("content-encoding") == ("gzip" if packed else None)


async def test_error_response_is_compressed(client: GraphQLClient) -> None:
    fields = " ".join(f"unknown{number}" for number in range(20))
    response = await client.post(b'{"query":"{item{%s}}"}' % fields.encode(), headers={"accept-encoding": "gzip"})
    assert (response.status_code, response.headers["content-encoding"]) == (400, "gzip")
    assert len(response.json()["errors"]) == 20


async def test_stream_is_not_compressed(client: GraphQLClient) -> None:
    response = await client.post(
        body_for_length(10_000), accept="text/event-stream", headers={"accept-encoding": "gzip"}
    )
    assert response.headers["content-type"].startswith("text/event-stream")
    assert "content-encoding" not in response.headers
    assert len(response.content) > 10_000
