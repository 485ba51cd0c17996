"""S3 blob store, against a local S3 server."""

import io
import logging
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest
from moto.server import ThreadedMotoServer

from models.blobstore import BlobNotFound, open_blob_store
from models.errors import StorageUnavailable
from resolvers.check.service import MISSING_FILES, check
from tests.api_client import open_api
from tests.blobs.form_client import PNG, FilePart, FormClient, sha256, start_body, values_by_name

STORE_URL: Final = "s3://bucket/some/prefix"
KEY: Final = "ab/abcdef.1"


class S3Server(ThreadedMotoServer):
    def start(self) -> None:
        super().start()
        host, port = self.get_host_and_port()
        self.url = f"http://{host}:{port}"
        httpx2.post(f"{self.url}/moto-api/reset").raise_for_status()  # all servers of a process share their buckets
        httpx2.put(f"{self.url}/bucket").raise_for_status()

    def object_keys(self) -> list[str]:
        listing = httpx2.get(f"{self.url}/bucket", params={"list-type": "2"}).text
        return sorted(part.partition("</Key>")[0] for part in listing.split("<Key>")[1:])


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = S3Server(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    for name, value in (("ENDPOINT_URL", server.url), ("REGION", "us-east-1")):
        monkeypatch.setenv(f"AWS_{name}", value)
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        monkeypatch.setenv(f"AWS_{name}", "testing")
    yield server
    server.stop()


@pytest.fixture
async def device(s3: S3Server, tmp_path: Path) -> AsyncIterator[FormClient]:
    assert s3.object_keys() == []
    async with open_api(tmp_path / "test.db", store_url=STORE_URL) as api:
        yield FormClient(api, tmp_path / "test.db.files")


async def test_blob_exists_from_put_to_delete(s3: S3Server) -> None:
    blob_store, content = open_blob_store(STORE_URL), os.urandom(11 * 1024 * 1024 + 5)
    assert not await blob_store.exists(KEY, len(content))
    for _ in range(2):
        source = io.BytesIO(content)
        await blob_store.put(KEY, source, len(content))
        assert source.closed
    assert s3.object_keys() == [f"some/prefix/{KEY}"]
    assert await blob_store.exists(KEY, len(content))
    assert await blob_store.sizes() == {KEY: len(content)}
    assert not await blob_store.exists(KEY, len(content) + 1)
    assert await blob_store.read(KEY, 5_000_000, len(content)) == content[5_000_000:]
    await blob_store.remove_partial_uploads()
    await blob_store.delete(KEY)
    await blob_store.delete(KEY)
    assert s3.object_keys() == []
    with pytest.raises(BlobNotFound):
        await blob_store.read(KEY, 0, 1)


async def test_check_finds_a_file_that_the_bucket_has_lost(device: FormClient, tmp_path: Path) -> None:
    async def found() -> list[str]:
        return await check(tmp_path / "test.db", device.blob_store, lambda *_: None)

    await device.started({"photo": FilePart(PNG)})
    await device.blob_store.put("zz/another", io.BytesIO(b"of another database"), 19)
    assert await found() == []
    (key,) = (key for key in await device.blob_store.sizes() if key != "zz/another")
    await device.blob_store.delete(key)
    assert await found() == [f"{MISSING_FILES}: 1 ({key})"]


async def test_files_are_stored_once_and_collected(device: FormClient, s3: S3Server) -> None:
    content = os.urandom(6 * 1024 * 1024)
    big = FilePart(content, "big.bin")
    session = await device.started(
        {"a": big, "b": big, "photo": FilePart(PNG, "a.png")}, field={"uuid": "f", "unitId": "u"}
    )
    assert len(s3.object_keys()) == 2
    assert {Path(key).name.partition(".")[0] for key in s3.object_keys()} == {sha256(content), sha256(PNG)}
    file = values_by_name(session)["a"]
    assert (await device.fetch(file["url"])).content == content
    assert (await device.fetch(file["url"], range="bytes=-7")).content == content[-7:]
    await device.started({"a": FilePart(PNG, "b.png")}, field={"uuid": "f", "unitId": "u"})
    await device.collect_garbage()
    assert [Path(key).name.partition(".")[0] for key in s3.object_keys()] == [sha256(PNG)]
    assert (await device.fetch(file["url"])).status_code == 404
    assert list(device.folder.parent.glob("*.files")) == []


async def assert_unavailable(device: FormClient, points: dict[str, Any]) -> None:
    await device.assert_unavailable(start_body(points))
    assert (await device.api.execute("{ sessionStats { total } }"))["total"] == 0


async def test_unreachable_store_refuses_files_only(device: FormClient, s3: S3Server) -> None:
    session, api = await device.started({"a": FilePart(PNG, "a.png")}), device.api
    await api.delete(session["id"])
    s3.stop()
    for content in (b"new", PNG):
        await assert_unavailable(device, {"fine": "1", "a": FilePart(content)})
    assert (await device.fetch(values_by_name(session)["a"]["url"])).status_code == 404
    assert (await device.started({"a": "text"}))["data"][0]["value"] == "text"
    await api.advance(3600)
    with pytest.raises(StorageUnavailable) as refused:
        await api.app.state.collector.collect()
    assert refused.value.detail.startswith("Generic S3 error")


async def test_download_from_unreachable_store_is_retryable(device: FormClient, s3: S3Server) -> None:
    file = values_by_name(await device.started({"a": FilePart(PNG, "a.png")}))["a"]
    s3.stop()
    response = await device.fetch(file["url"])
    assert (response.status_code, response.headers["retry-after"]) == (503, "5")
    assert (await device.fetch(file["url"], "HEAD")).status_code == 200
    assert (await device.fetch(file["url"], if_none_match=f'"{file["sha256"]}"')).status_code == 304


async def test_missing_bucket_is_an_unreachable_store(s3: S3Server, tmp_path: Path) -> None:
    assert s3.object_keys() == []
    async with open_api(tmp_path / "test.db", store_url="s3://missing") as api:
        await assert_unavailable(FormClient(api, tmp_path), {"a": FilePart(PNG)})
