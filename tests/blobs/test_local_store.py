"""The folder as object store: whole or not at all, on disk when it says so, and nothing left behind."""

import fcntl
import io
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from models.blobstore import ObjectMissing, Objects, open_objects
from models.blobstore.local import Folder
from models.errors import StorageUnavailable
from tests.blobs.form_client import stored

KEY = "ab/abcdef.1"


def names_in(folder: Path) -> list[str]:
    """What is in it."""
    return [path.name for path in folder.iterdir()] if folder.exists() else []


@pytest.fixture
def objects(tmp_path: Path) -> Objects:
    """A store in a folder that is not there yet."""
    return open_objects(str(tmp_path / "deep" / "files"))


class Failing(io.BytesIO):
    """A content that breaks off."""

    def read(self, _size: int | None = -1, /) -> bytes:
        raise OSError(5, "Input/output error")


async def test_what_was_put_is_there_until_it_is_deleted(objects: Objects) -> None:
    content = os.urandom(1_300_000)
    assert not await objects.holds(KEY, len(content))
    source = io.BytesIO(content)
    await objects.put(KEY, source, len(content))
    assert source.closed
    assert await objects.holds(KEY, len(content))
    assert not await objects.holds(KEY, len(content) - 1)
    assert await objects.read(KEY, 1_000_000, 1_300_000) == content[1_000_000:]
    await objects.delete(KEY)
    await objects.delete(KEY)
    assert not await objects.holds(KEY, len(content))
    with pytest.raises(ObjectMissing):
        await objects.read(KEY, 0, 1)


async def test_nothing_is_made_before_something_is_put(objects: Objects, tmp_path: Path) -> None:
    await objects.tidy()
    await objects.delete(KEY)
    assert not await objects.holds(KEY, 1)
    assert names_in(tmp_path) == []


async def test_the_same_content_may_be_put_again(objects: Objects, tmp_path: Path) -> None:
    for _ in range(3):
        await objects.put(KEY, io.BytesIO(b"same"), 4)
    assert len(stored(tmp_path)) == 1


async def test_a_content_that_breaks_off_leaves_nothing(objects: Objects, tmp_path: Path) -> None:
    source = Failing()
    with pytest.raises(StorageUnavailable) as refused:
        await objects.put(KEY, source, 4)
    assert (source.closed, stored(tmp_path)) == (True, [])
    assert refused.value.cause == "[Errno 5] Input/output error"


@pytest.mark.parametrize("step", ["os.fsync", "pathlib.Path.replace", "shutil.copyfileobj"])
async def test_a_disk_that_fails_leaves_nothing(
    objects: Objects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(step, fail)
        with pytest.raises(StorageUnavailable):
            await objects.put(KEY, io.BytesIO(b"content"), 7)
    assert stored(tmp_path) == []
    await objects.put(KEY, io.BytesIO(b"content"), 7)
    assert await objects.read(KEY, 0, 7) == b"content"


class Steps:
    """What is synced to disk, and when a file has its name."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._noted: list[int] = []
        self._sync, self._replace = os.fsync, Path.replace
        monkeypatch.setattr(os, "fsync", self._note_sync)

        def replace(source: Path, target: Path) -> Path:
            self._noted.append(0)
            return self._replace(source, target)

        monkeypatch.setattr(Path, "replace", replace)

    def _note_sync(self, descriptor: int) -> None:
        self._noted.append(os.fstat(descriptor).st_ino)
        self._sync(descriptor)

    def taken(self) -> list[str]:
        """The steps since the last look."""
        names = {path.stat().st_ino: path.name for path in self._folder.rglob("*")} | {0: "its name"}
        noted, self._noted = self._noted, []
        return [names[number] for number in noted]


async def test_a_file_is_on_disk_before_it_has_its_name_and_its_name_before_it_counts(
    objects: Objects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = Steps(tmp_path, monkeypatch)
    await objects.put(KEY, io.BytesIO(b"content"), 7)
    assert steps.taken() == ["abcdef.1", "its name", "ab", "files", "deep"]
    assert await objects.holds(KEY, 7)
    assert steps.taken() == ["ab", "files", "deep"]
    await objects.delete(KEY)
    assert steps.taken() == ["ab"]


@pytest.fixture
def leftover(tmp_path: Path) -> Path:
    """What a process has half written."""
    file = tmp_path / "deep" / "files" / "incoming" / "0123"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"half")
    return file


async def test_what_a_dead_process_had_half_written_is_tidied_away(objects: Objects, leftover: Path) -> None:
    await objects.tidy()
    assert names_in(leftover.parent) == []


async def test_what_is_being_written_stays(objects: Objects, leftover: Path) -> None:
    with leftover.open("ab") as writing:
        fcntl.flock(writing, fcntl.LOCK_EX)
        await objects.tidy()
        assert names_in(leftover.parent) == [leftover.name]
    await objects.tidy()
    assert names_in(leftover.parent) == []


async def test_tidying_does_not_disturb_what_is_being_put(tmp_path: Path) -> None:
    folder, began, goes_on = Folder(tmp_path / "files"), threading.Event(), threading.Event()

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            began.set()
            assert goes_on.wait(20)
            return super().read(size)

    writing = threading.Thread(target=folder._put, args=(tmp_path / "files" / KEY, Slow(b"content")))
    writing.start()
    assert began.wait(20)
    await folder.tidy()
    goes_on.set()
    writing.join()
    assert await folder.read(KEY, 0, 7) == b"content"
    assert len(stored(tmp_path)) == 1


@pytest.mark.parametrize(
    "url", ["", "file://", "file:///", "file://host/path", "ftp://x/y", "memory:///", "s3://", "az://c/x"]
)
def test_what_names_no_store_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"must be a folder, or the URL|Generic|recognise|Account"):
        open_objects(url)


def test_a_folder_has_several_names(tmp_path: Path) -> None:
    for url in (str(tmp_path / "a b"), f"file://{tmp_path}/a%20b"):
        assert repr(open_objects(url)) == str(tmp_path / "a b")
    assert repr(open_objects("relative")) == str(Path("relative").absolute())
