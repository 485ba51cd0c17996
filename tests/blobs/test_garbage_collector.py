"""Garbage collection of blobs."""

import asyncio
from typing import Any

import pytest
from sqlalchemy.engine import Connection

from models.clock import DAY, SECOND
from models.errors import StorageUnavailable
from resolvers.blobs import repository
from resolvers.blobs.leases import LeaseRequest
from resolvers.blobs.repository import acquire
from tests.api.test_statement_counts import statements
from tests.api_client import open_api
from tests.blobs.form_client import JPEG, PNG, FilePart, FormClient, sha256, values_by_name

DELETE_SESSION = "mutation($id: ID!) { deleteSession(id: $id) { id } }"


async def test_files_of_replaced_form_are_collected(device: FormClient) -> None:
    form = {"uuid": "f1", "unitId": "u1"}
    old = await device.started({"a": FilePart(PNG), "b": FilePart(JPEG)}, field=form)
    new = await device.started({"a": FilePart(PNG), "c": FilePart(b"new")}, field=form)
    await device.collect_garbage()
    assert device.stored_digests() == {sha256(PNG), sha256(b"new")}
    assert await device.row_counts() == {"stored_file": 2, "attachment": 2}
    assert (await device.fetch(values_by_name(old)["b"]["url"])).status_code == 404
    assert (await device.fetch((await device.form(new["id"]))["a"]["url"])).content == PNG


async def test_files_of_deleted_form_are_collected(device: FormClient) -> None:
    first = await device.started({"a": FilePart(PNG), "b": FilePart(JPEG)})
    other = await device.started({"a": FilePart(PNG)})
    await device.api.execute(DELETE_SESSION, id=first["id"])
    await device.collect_garbage()
    assert device.stored_digests() == {sha256(PNG)}
    await device.api.execute(DELETE_SESSION, id=other["id"])
    await device.collect_garbage()
    assert (device.stored_digests(), await device.row_counts()) == (set(), {"stored_file": 0, "attachment": 0})
    assert device.api.app.state.collector.deleted_count == 2


async def test_files_are_collected_after_retention(tmp_path: Any) -> None:
    async with open_api(tmp_path / "test.db", retention_days=1) as api:
        device = FormClient(api, tmp_path / "test.db.files")
        session = await device.started({"a": FilePart(PNG)})
        await api.mutate("stopSession", {"id": session["id"]})
        await api.advance(DAY / SECOND)
        await api.sweep()
        await device.collect_garbage()
        assert (device.stored_digests(), await device.row_counts()) == (set(), {"stored_file": 0, "attachment": 0})


async def test_replaced_file_is_collected(device: FormClient) -> None:
    session = await device.started({"a": FilePart(PNG), "b": FilePart(PNG)})
    await device.saved(session["id"], {"a": FilePart(JPEG)})
    await device.collect_garbage()
    assert device.stored_digests() == {sha256(PNG), sha256(JPEG)}
    await device.saved(session["id"], {"b": "text"})
    await device.collect_garbage()
    assert device.stored_digests() == {sha256(JPEG)}


async def test_file_replaced_by_itself_stays(device: FormClient) -> None:
    session = await device.started({"a": FilePart(PNG, "one.png")})
    saved = await device.saved(session["id"], {"a": FilePart(PNG, "two.png")})
    await device.collect_garbage()
    file = (await device.form(session["id"]))["a"]
    assert (file["filename"], file["id"] == values_by_name(saved)["a"]["id"]) == ("two.png", True)
    assert (await device.fetch(file["url"])).content == PNG
    assert await device.row_counts() == {"stored_file": 1, "attachment": 1}


async def test_file_of_refused_start_is_collected(device: FormClient) -> None:
    await device.start({"a": FilePart(PNG)}, projectId="nowhere")
    assert device.stored_digests() == {sha256(PNG)}
    await device.collect_garbage()
    assert (device.stored_digests(), await device.row_counts()) == (set(), {"stored_file": 0, "attachment": 0})


async def test_uploaded_file_survives_while_another_is_in_flight(device: FormClient) -> None:
    blob_store, png_is_there = device.api.app.state.services.uploader.blob_store, asyncio.Event()
    put = blob_store.put

    async def put_in_turn(key: str, content: Any, size: int) -> None:
        if size != len(JPEG):
            await put(key, content, size)
            png_is_there.set()
            return
        await png_is_there.wait()
        await put(key, content, size)
        await device.collect_garbage(3600)

    blob_store.put = put_in_turn
    session = await device.started({"a": FilePart(PNG), "b": FilePart(JPEG)})
    assert (await device.fetch((await device.form(session["id"]))["a"]["url"])).content == PNG
    assert device.stored_digests() == {sha256(PNG), sha256(JPEG)}


async def test_content_uploaded_during_deletion_gets_another_key(device: FormClient) -> None:
    old = await device.started({"a": FilePart(PNG)})
    await device.api.execute(DELETE_SESSION, id=old["id"])
    blob_store = device.api.app.state.services.uploader.blob_store
    delete, sessions = blob_store.delete, []

    async def delete_and_meet_it_again(key: str) -> None:
        sessions.append(await device.started({"a": FilePart(PNG)}))
        await delete(key)
        sessions.append(await device.started({"a": FilePart(PNG)}))

    blob_store.delete = delete_and_meet_it_again
    await device.collect_garbage()
    assert await device.row_counts() == {"stored_file": 1, "attachment": 2}
    for session in sessions:
        assert (await device.fetch((await device.form(session["id"]))["a"]["url"])).content == PNG


async def test_partial_upload_of_killed_server_is_collected(device: FormClient) -> None:
    await device.started({"a": FilePart(PNG)})
    (device.folder / "incoming" / "half").write_bytes(b"half")
    await device.collect_garbage()
    assert device.stored_digests() == {sha256(PNG)}


async def test_collection_takes_several_batches(device: FormClient) -> None:
    def many(tx: Connection, _: None) -> None:
        acquire(tx, LeaseRequest(0, {f"{number:064}": 1 for number in range(450)}))

    await device.api.app.state.services.database.write(many, None)
    assert (await device.row_counts())["stored_file"] == 450
    await device.collect_garbage()
    assert (await device.row_counts())["stored_file"] == 0


async def test_referenced_blobs_take_no_place_in_the_batch(device: FormClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repository, "GC_BATCH_SIZE", 1)
    await device.started({"a": FilePart(PNG)})
    await device.api.advance(1)
    session = await device.started({"a": FilePart(JPEG)})
    await device.api.execute(DELETE_SESSION, id=session["id"])
    await device.collect_garbage()
    assert device.stored_digests() == {sha256(PNG)}


async def test_shared_blob_does_not_block_collection(device: FormClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repository, "GC_BATCH_SIZE", 1)
    for files in ({"a": FilePart(PNG)}, {"a": FilePart(PNG), "b": FilePart(JPEG)}):
        session = await device.started(files)
        await device.api.advance(1)
    await device.api.execute(DELETE_SESSION, id=session["id"])
    await device.collect_garbage()
    await device.collect_garbage()
    assert device.stored_digests() == {sha256(PNG)}


async def test_undeletable_blob_does_not_block_others(device: FormClient) -> None:
    session = await device.started({"a": FilePart(PNG), "b": FilePart(JPEG), "c": FilePart(b"c")})
    await device.api.execute(DELETE_SESSION, id=session["id"])
    blob_store = device.api.app.state.services.uploader.blob_store
    delete = blob_store.delete

    async def fail_for_one(key: str) -> None:
        if sha256(JPEG) in key:
            raise StorageUnavailable("not this one")
        await delete(key)

    blob_store.delete = fail_for_one
    with pytest.raises(StorageUnavailable):
        await device.collect_garbage()
    assert (device.stored_digests(), await device.row_counts()) == ({sha256(JPEG)}, {"stored_file": 1, "attachment": 0})
    blob_store.delete = delete
    await device.collect_garbage()
    assert device.stored_digests() == set()


async def test_lease_and_collection_statements_use_indexes(device: FormClient) -> None:
    session = await device.started({"a": FilePart(PNG)})
    database = device.api.app.state.services.database
    with statements(device.api) as sent:
        await device.started({"a": FilePart(PNG)})
        await device.api.execute(DELETE_SESSION, id=session["id"])
        await device.collect_garbage()
    about_files = [each for each in sent if "stored_file" in each and not each.startswith("INSERT")]

    def plans(tx: Connection) -> list[str]:
        asked = [(f"EXPLAIN QUERY PLAN {each}", (0,) * each.count("?")) for each in about_files]
        return [str(step) for statement, values in asked for step in tx.exec_driver_sql(statement, values)]

    found = await database.read(plans)
    assert len(about_files) >= 8
    # A scan of the small partial index of candidates is fine.
    read = [step.replace("SCAN stored_file USING INDEX ix_stored_file_loose", "") for step in found]
    assert [step for step in read if "SCAN stored_file" in step or "SCAN attachment" in step] == []
