"""Faults during uploads: the command fails as a whole, can be repeated, and leaves nothing behind."""

import asyncio
import os
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError

from models.errors import StorageUnavailable
from resolvers.blobs import uploader
from resolvers.forms import attachments
from resolvers.lifecycle import save_field_data, service
from tests.blobs.form_client import JPEG, PNG, FilePart, FormClient, save_body, start_body, stored_files, values_by_name
from transport.uploads import Upload

NO_ROWS = {"stored_file": 0, "attachment": 0}


def raise_disk_full(_tx: Connection, _items: Sequence[Any]) -> Any:
    raise OperationalError("INSERT", {}, Exception("database or disk is full"))


def raise_os_error(*_: Any) -> Any:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("place", [(attachments, "acquire"), (service, "start")])
async def test_database_fault_refuses_start_as_a_whole(
    device: FormClient, monkeypatch: pytest.MonkeyPatch, place: tuple[Any, str]
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(*place, raise_disk_full)
        await device.assert_unavailable(start_body({"a": FilePart(PNG)}))
    assert (await device.api.execute("{ sessionStats { total } }"))["total"] == 0
    await device.collect_garbage()
    assert (stored_files(device.folder), await device.row_counts()) == ([], NO_ROWS)
    await device.started({"a": FilePart(PNG)})


@pytest.mark.parametrize("place", [(attachments, "acquire"), (save_field_data, "execute_batch"), (os, "fsync")])
async def test_fault_during_save_leaves_form_unchanged(
    device: FormClient, monkeypatch: pytest.MonkeyPatch, place: tuple[Any, str]
) -> None:
    session = await device.started({"a": FilePart(PNG), "b": "1"})
    with monkeypatch.context() as broken:
        broken.setattr(*place, raise_os_error if place[0] is os else raise_disk_full)
        await device.assert_unavailable(save_body(session["id"], {"a": FilePart(JPEG), "b": "2"}))
    form = await device.form(session["id"])
    assert (form["a"]["id"], form["b"]) == (values_by_name(session)["a"]["id"], "1")
    await device.collect_garbage()
    assert len(stored_files(device.folder)) == 1
    assert (await device.fetch((await device.form(session["id"]))["a"]["url"])).content == PNG


async def test_one_failing_upload_refuses_all_files(device: FormClient) -> None:
    put = device.blob_store.put

    async def fail_for_one(key: str, content: Any, size: int) -> None:
        if size == len(JPEG):
            content.close()
            raise StorageUnavailable("not this one")
        await put(key, content, size)

    device.blob_store.put = fail_for_one
    await device.assert_unavailable(start_body({"a": FilePart(PNG), "b": FilePart(JPEG), "c": FilePart(b"c")}))
    device.blob_store.put = put
    await device.collect_garbage()
    assert (stored_files(device.folder), await device.row_counts()) == ([], NO_ROWS)


async def test_unreadable_upload_refuses_command(device: FormClient, monkeypatch: pytest.MonkeyPatch) -> None:
    session = await device.started({"a": "1"})
    with monkeypatch.context() as broken:
        broken.setattr(Upload, "open", raise_os_error)
        await device.assert_unavailable(start_body({"a": FilePart(PNG)}))
        await device.assert_unavailable(save_body(session["id"], {"a": FilePart(PNG)}))
    assert await device.form(session["id"]) == {"a": "1"}
    assert (stored_files(device.folder), await device.row_counts()) == ([], NO_ROWS)


async def test_failed_open_releases_its_upload_slot(device: FormClient, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(attachments, "_resolve_types", lambda files: ["image/png"] * len(files))
        broken.setattr(Upload, "open", raise_os_error)
        for _ in range(uploader.MAX_CONCURRENT_UPLOADS + 1):
            await device.assert_unavailable(start_body({"a": FilePart(PNG)}))
    await device.started({"a": FilePart(PNG)})


async def test_disconnect_does_not_cancel_upload(device: FormClient) -> None:
    files = device.api.app.state.services.uploader
    put, put_started, resume = files.blob_store.put, asyncio.Event(), asyncio.Event()

    async def put_slowly(*arguments: Any) -> None:
        put_started.set()
        await resume.wait()
        await put(*arguments)

    files.blob_store.put = put_slowly
    sending = asyncio.create_task(device.send(start_body({"a": FilePart(PNG)})))
    await put_started.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    await device.collect_garbage()
    assert (await device.row_counts())["stored_file"] == 1, "the upload is still in progress"
    resume.set()
    await asyncio.gather(*files._tasks)
    await device.collect_garbage()
    assert (stored_files(device.folder), await device.row_counts()) == ([], NO_ROWS)


async def test_idempotency_key_covers_files(device: FormClient) -> None:
    first = await device.start({"a": FilePart(PNG, "a.png")}, idempotencyKey="k")
    again = await device.start({"a": FilePart(PNG, "other name.png", "image/png")}, idempotencyKey="k")
    assert (first["created"], again["created"]) == (True, False)
    assert first["session"]["id"] == again["session"]["id"]
    other = await device.start({"a": FilePart(JPEG, "a.png")}, idempotencyKey="k")
    assert [problem["code"] for problem in other["problems"]] == ["CONFLICT"]
    await device.collect_garbage()
    assert await device.row_counts() == {"stored_file": 1, "attachment": 1}


async def test_concurrent_uploads_of_one_file_store_it_once(device: FormClient) -> None:
    sessions = await asyncio.gather(*(device.started({"a": FilePart(PNG)}) for _ in range(12)))
    assert len({session["id"] for session in sessions}) == 12
    assert len(stored_files(device.folder)) == 1
    await device.collect_garbage()
    assert await device.row_counts() == {"stored_file": 1, "attachment": 12}
