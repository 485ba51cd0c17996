"""Downloads over a real socket."""

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
    def __init__(self, blob_store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self._read = blob_store.read
        self.count = 0
        self.fails_at: int | None = None
        monkeypatch.setattr(blob_store, "read", self.read)

    async def read(self, key: str, start: int, stop: int) -> bytes:
        self.count += 1
        if self.count == self.fails_at:
            raise StorageUnavailable("not now")
        content: bytes = await self._read(key, start, stop)
        return content


@pytest.fixture
async def port(api: ApiClient) -> AsyncIterator[int]:
    async with serve_app(api.app) as number:
        yield number


@pytest.fixture
async def url(device: FormClient) -> str:
    found: str = values_by_name(await device.started({"a": FilePart(CONTENT, "big.bin")}))["a"]["url"]
    return found


@pytest.fixture
def reads(device: FormClient, url: str, monkeypatch: pytest.MonkeyPatch) -> ReadSpy:
    assert url
    return ReadSpy(device.api.app.state.services.uploader.blob_store, monkeypatch)


def get_request(url: str, *headers: str) -> bytes:
    lines = [f"GET {url} HTTP/1.1", "Host: localhost", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


async def test_large_file_downloads_whole_or_in_part(port: int, url: str, reads: ReadSpy) -> None:
    whole = await send_raw(port, get_request(url))
    assert (whole.status, sha256(whole.body)) == (200, sha256(CONTENT))
    assert reads.count == CHUNK_COUNT
    part = await send_raw(port, get_request(url, f"Range: bytes={CHUNK_BYTES - 1}-{CHUNK_BYTES}"))
    assert (part.status, part.body) == (206, CONTENT[CHUNK_BYTES - 1 : CHUNK_BYTES + 1])
    assert reads.count == CHUNK_COUNT + 1
    head = await send_raw(port, get_request(url).replace(b"GET", b"HEAD", 1))
    assert (head.status, head.body, reads.count) == (200, b"", CHUNK_COUNT + 1)


async def test_store_failure_aborts_download(port: int, url: str, reads: ReadSpy) -> None:
    reads.fails_at = 5
    answer = await send_raw(port, get_request(url))
    assert answer.status == 200
    assert len(answer.body) < len(CONTENT)
    again = await send_raw(port, get_request(url))
    assert len(again.body) == len(CONTENT)


@pytest.mark.parametrize("name", [b"a\r\nSet-Cookie: x=1", b'a"; filename="b', b"\xff\xfe\x00.txt", b"%0d%0aX: y"])
async def test_filename_cannot_inject_headers(port: int, name: bytes) -> None:
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
