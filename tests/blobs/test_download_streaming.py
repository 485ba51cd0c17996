"""Files over a real connection."""

import os
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest

from models.blobstore import CHUNK_BYTES
from models.errors import StorageUnavailable
from tests.api_client import ApiClient
from tests.blobs.form_client import FilePart, FormClient, sha256, start_body, values_by_name
from tests.live_server import send_raw, serve_app
from tests.transport.http.multipart_client import BOUNDARY

CHUNK_COUNT: Final = 16
CONTENT: Final = os.urandom(CHUNK_COUNT * CHUNK_BYTES)


class ReadSpy:
    """How often the store is asked for a chunk."""

    def __init__(self, objects: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self._read = objects.read
        self.count = 0
        self.fails_at: int | None = None
        monkeypatch.setattr(objects, "read", self.read)

    async def read(self, key: str, start: int, stop: int) -> bytes:
        """A chunk."""
        self.count += 1
        if self.count == self.fails_at:
            raise StorageUnavailable("not now")
        content: bytes = await self._read(key, start, stop)
        return content


@pytest.fixture
async def port(api: ApiClient) -> AsyncIterator[int]:
    """Where the server listens."""
    async with serve_app(api.app) as number:
        yield number


@pytest.fixture
async def url(device: FormClient) -> str:
    """The address of a large file."""
    found: str = values_by_name(await device.started({"a": FilePart(CONTENT, "big.bin")}))["a"]["url"]
    return found


@pytest.fixture
def reads(device: FormClient, url: str, monkeypatch: pytest.MonkeyPatch) -> ReadSpy:
    """The store, watched, once the file is in it."""
    assert url
    return ReadSpy(device.api.app.state.services.uploader.blob_store, monkeypatch)


def get_request(url: str, *headers: str) -> bytes:
    """A request, after whose answer the connection closes."""
    lines = [f"GET {url} HTTP/1.1", "Host: localhost", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


async def test_a_large_file_arrives_whole_or_in_part(port: int, url: str, reads: ReadSpy) -> None:
    whole = await send_raw(port, get_request(url))
    assert (whole.status, sha256(whole.body)) == (200, sha256(CONTENT))
    assert reads.count == CHUNK_COUNT
    part = await send_raw(port, get_request(url, f"Range: bytes={CHUNK_BYTES - 1}-{CHUNK_BYTES}"))
    assert (part.status, part.body) == (206, CONTENT[CHUNK_BYTES - 1 : CHUNK_BYTES + 1])
    assert reads.count == CHUNK_COUNT + 1
    head = await send_raw(port, get_request(url).replace(b"GET", b"HEAD", 1))
    assert (head.status, head.body, reads.count) == (200, b"", CHUNK_COUNT + 1)


async def test_a_store_that_fails_half_way_breaks_the_answer_off(port: int, url: str, reads: ReadSpy) -> None:
    reads.fails_at = 5
    answer = await send_raw(port, get_request(url))
    assert answer.status == 200
    assert len(answer.body) < len(CONTENT)
    again = await send_raw(port, get_request(url))
    assert len(again.body) == len(CONTENT)


async def test_a_range_of_10_000_ranges_is_the_whole_file_at_once(port: int, device: FormClient) -> None:
    small = values_by_name(await device.started({"a": FilePart(b"0123456789", "a.txt")}))["a"]["url"]
    ranges = ",".join(f"{n}-{n}" for n in range(10_000))
    answer = await send_raw(port, get_request(small, f"Range: bytes={ranges[:60_000]}"))
    assert (answer.status, answer.body) == (200, b"0123456789")


@pytest.mark.parametrize("name", [b"a\r\nSet-Cookie: x=1", b'a"; filename="b', b"\xff\xfe\x00.txt", b"%0d%0aX: y"])
async def test_no_name_that_a_client_sends_makes_a_header(port: int, name: bytes) -> None:
    body = start_body({"a": FilePart(b"x", "NAME")}).replace(b"NAME", name)
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nGraphQL-Require-Preflight: 1\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    answer = await send_raw(port, head.encode() + body)
    assert answer.status in (200, 400)
    if answer.status == 200:
        (point,) = answer.json["data"]["startSession"]["session"]["data"]
        fetched = await send_raw(port, get_request(point["file"]["url"]))
        assert fetched.status == 200
        assert b"set-cookie" not in fetched.head.lower()
        assert fetched.head.lower().count(b"content-disposition") == 1
