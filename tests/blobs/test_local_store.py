"""Local blob store: atomic, durable, without leftovers."""

import fcntl
import io
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from models.blobstore import BlobNotFound, BlobStore, open_blob_store
from models.blobstore.local import LocalBlobStore
from models.errors import StorageUnavailable
from tests.blobs.form_client import stored_files

KEY = "ab/abcdef.1"


def entry_names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()] if folder.exists() else []


@pytest.fixture
def blob_store(tmp_path: Path) -> BlobStore:
    return open_blob_store(str(tmp_path / "deep" / "files"))


class FailingFile(io.BytesIO):
    def read(self, _size: int | None = -1, /) -> bytes:
        raise OSError(5, "Input/output error")


async def test_blob_exists_from_put_to_delete(blob_store: BlobStore, tmp_path: Path) -> None:
    content = os.urandom(1_300_000)
    assert not await blob_store.exists(KEY, len(content))
    for _ in range(3):
        source = io.BytesIO(content)
        await blob_store.put(KEY, source, len(content))
        assert source.closed
    assert await blob_store.sizes() == {KEY: len(content)}
    assert len(stored_files(tmp_path)) == 1
    assert await blob_store.exists(KEY, len(content))
    assert not await blob_store.exists(KEY, len(content) - 1)
    assert await blob_store.read(KEY, 1_000_000, 1_300_000) == content[1_000_000:]
    await blob_store.delete(KEY)
    await blob_store.delete(KEY)
    assert not await blob_store.exists(KEY, len(content))
    with pytest.raises(BlobNotFound):
        await blob_store.read(KEY, 0, 1)


async def test_folder_is_created_by_first_put(blob_store: BlobStore, tmp_path: Path) -> None:
    await blob_store.remove_partial_uploads()
    await blob_store.delete(KEY)
    assert not await blob_store.exists(KEY, 1)
    assert entry_names(tmp_path) == []


async def test_failing_source_leaves_nothing(blob_store: BlobStore, tmp_path: Path) -> None:
    source = FailingFile()
    with pytest.raises(StorageUnavailable) as refused:
        await blob_store.put(KEY, source, 4)
    assert (source.closed, stored_files(tmp_path)) == (True, [])
    assert refused.value.detail == "[Errno 5] Input/output error"


@pytest.mark.parametrize("step", ["os.fsync", "pathlib.Path.replace", "shutil.copyfileobj"])
async def test_failing_disk_leaves_nothing(
    blob_store: BlobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(step, fail)
        with pytest.raises(StorageUnavailable):
            await blob_store.put(KEY, io.BytesIO(b"content"), 7)
    assert stored_files(tmp_path) == []
    await blob_store.put(KEY, io.BytesIO(b"content"), 7)
    assert await blob_store.read(KEY, 0, 7) == b"content"


class SyncRecorder:
    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._recorded: list[int] = []
        self._sync, self._replace = os.fsync, Path.replace
        monkeypatch.setattr(os, "fsync", self._record_sync)

        def replace(source: Path, target: Path) -> Path:
            self._recorded.append(0)
            return self._replace(source, target)

        monkeypatch.setattr(Path, "replace", replace)

    def _record_sync(self, descriptor: int) -> None:
        self._recorded.append(os.fstat(descriptor).st_ino)
        self._sync(descriptor)

    def drain(self) -> list[str]:
        names = {path.stat().st_ino: path.name for path in self._folder.rglob("*")} | {0: "its name"}
        recorded, self._recorded = self._recorded, []
        return [names[number] for number in recorded]


async def test_file_is_synced_before_rename_and_rename_before_return(
    blob_store: BlobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = SyncRecorder(tmp_path, monkeypatch)
    await blob_store.put(KEY, io.BytesIO(b"content"), 7)
    assert steps.drain() == ["abcdef.1", "its name", "ab", "files", "deep"]
    assert await blob_store.exists(KEY, 7)
    assert steps.drain() == ["ab", "files", "deep"]
    await blob_store.delete(KEY)
    assert steps.drain() == ["ab"]


async def test_only_partial_upload_of_dead_process_is_removed(blob_store: BlobStore, tmp_path: Path) -> None:
    leftover = tmp_path / "deep" / "files" / "incoming" / "0123"
    leftover.parent.mkdir(parents=True)
    leftover.write_bytes(b"half")
    with leftover.open("ab") as writing:
        fcntl.flock(writing, fcntl.LOCK_EX)
        await blob_store.remove_partial_uploads()
        assert entry_names(leftover.parent) == [leftover.name]
    await blob_store.remove_partial_uploads()
    assert entry_names(leftover.parent) == []


async def test_removal_of_partial_uploads_does_not_disturb_put(tmp_path: Path) -> None:
    folder, put_started, resume = LocalBlobStore(tmp_path / "files"), threading.Event(), threading.Event()

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            put_started.set()
            assert resume.wait(20)
            return super().read(size)

    writing = threading.Thread(target=folder._put, args=(tmp_path / "files" / KEY, Slow(b"content")))
    writing.start()
    assert put_started.wait(20)
    await folder.remove_partial_uploads()
    resume.set()
    writing.join()
    assert await folder.read(KEY, 0, 7) == b"content"
    assert len(stored_files(tmp_path)) == 1


@pytest.mark.parametrize(
    "url", ["", "file://", "file:///", "file://host/path", "ftp://x/y", "memory:///", "s3://", "az://c/x"]
)
def test_invalid_store_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"must be a folder, or the URL|Generic|recognise|Account"):
        open_blob_store(url)


def test_folder_as_path_or_file_url(tmp_path: Path) -> None:
    for url in (str(tmp_path / "a b"), f"file://{tmp_path}/a%20b"):
        assert repr(open_blob_store(url)) == str(tmp_path / "a b")
    assert repr(open_blob_store("relative")) == str(Path("relative").absolute())
