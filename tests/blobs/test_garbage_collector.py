"""Garbage collection of blobs, and the leases that protect them."""

import asyncio
from typing import Any

import pytest
from sqlalchemy.engine import Connection

from models.clock import DAY, MINUTE, SECOND
from models.errors import StorageUnavailable
from resolvers.blobs import repository
from resolvers.blobs.leases import LEASE_MS, GcQuery, LeaseExpired, LeaseRequest
from resolvers.blobs.repository import acquire, mark_deleting, pin
from resolvers.lifecycle.start import find_start_problems
from tests.api.test_statement_counts import statements
from tests.api_client import open_api
from tests.blobs.form_client import JPEG, PNG, FilePart, FormClient, sha256, start_body, values_by_name

NO_ROWS = {"stored_file": 0, "attachment": 0}


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
    await device.api.delete(first["id"])
    await device.collect_garbage()
    assert device.stored_digests() == {sha256(PNG)}
    await device.api.delete(other["id"])
    await device.collect_garbage()
    assert (device.stored_digests(), await device.row_counts()) == (set(), NO_ROWS)
    assert device.api.app.state.collector.deleted_count == 2


async def test_files_are_collected_after_retention(tmp_path: Any) -> None:
    async with open_api(tmp_path / "test.db", retention_days=1) as api:
        device = FormClient(api, tmp_path / "test.db.files")
        session = await device.started({"a": FilePart(PNG)})
        await api.mutate("stopSession", {"id": session["id"]})
        await api.advance(DAY / SECOND)
        await api.sweep()
        await device.collect_garbage()
        assert (device.stored_digests(), await device.row_counts()) == (set(), NO_ROWS)


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


async def refused_start(device: FormClient) -> None:
    """Upload a file for a start whose project is deleted between the first check and the transaction."""
    database = device.api.app.state.services.database
    administer = 'mutation {{ {0}Project(input: {{id: "brief"}}) {{ problems {{ message }} }} }}'
    read = database.read

    async def read_and_delete(query: Any, *args: Any) -> Any:
        result = await read(query, *args)
        if query is find_start_problems:
            await device.api.execute(administer.format("delete"))
        return result

    await device.api.execute(administer.format("create"))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(database, "read", read_and_delete)
        refused = await device.start({"a": FilePart(PNG)}, projectId="brief")
    assert [problem["code"] for problem in refused["problems"]] == ["NOT_FOUND"]


async def test_file_of_refused_start_is_collected(device: FormClient) -> None:
    await refused_start(device)
    assert device.stored_digests() == {sha256(PNG)}
    await device.collect_garbage()
    assert (device.stored_digests(), await device.row_counts()) == (set(), NO_ROWS)


async def test_uploaded_file_survives_while_another_is_in_flight(device: FormClient) -> None:
    put, png_is_there = device.blob_store.put, asyncio.Event()

    async def put_in_turn(key: str, content: Any, size: int) -> None:
        if size == len(JPEG):
            await png_is_there.wait()
        await put(key, content, size)
        if size == len(JPEG):
            await device.collect_garbage(3600)
        png_is_there.set()

    device.blob_store.put = put_in_turn
    session = await device.started({"a": FilePart(PNG), "b": FilePart(JPEG)})
    assert (await device.fetch((await device.form(session["id"]))["a"]["url"])).content == PNG
    assert device.stored_digests() == {sha256(PNG), sha256(JPEG)}


async def test_content_uploaded_during_deletion_gets_another_key(device: FormClient) -> None:
    old = await device.started({"a": FilePart(PNG)})
    await device.api.delete(old["id"])
    delete, sessions = device.blob_store.delete, []

    async def delete_and_meet_it_again(key: str) -> None:
        sessions.append(await device.started({"a": FilePart(PNG)}))
        await delete(key)
        sessions.append(await device.started({"a": FilePart(PNG)}))

    device.blob_store.delete = delete_and_meet_it_again
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


@pytest.mark.parametrize("shared", [{}, {"a": FilePart(PNG)}], ids=["referenced blob", "shared blob"])
async def test_kept_blob_takes_no_place_in_the_batch(
    device: FormClient, monkeypatch: pytest.MonkeyPatch, shared: dict[str, FilePart]
) -> None:
    monkeypatch.setattr(repository, "GC_BATCH_SIZE", 1)
    await device.started({"a": FilePart(PNG)})
    await device.api.advance(1)
    session = await device.started({**shared, "b": FilePart(JPEG)})
    await device.api.delete(session["id"])
    for _ in range(1 + len(shared)):
        await device.collect_garbage()
    assert device.stored_digests() == {sha256(PNG)}


async def test_undeletable_blob_does_not_block_others(device: FormClient) -> None:
    session = await device.started({"a": FilePart(PNG), "b": FilePart(JPEG), "c": FilePart(b"c")})
    await device.api.delete(session["id"])
    delete = device.blob_store.delete

    async def fail_for_one(key: str) -> None:
        if sha256(JPEG) in key:
            raise StorageUnavailable("not this one")
        await delete(key)

    device.blob_store.delete = fail_for_one
    with pytest.raises(StorageUnavailable):
        await device.collect_garbage()
    assert (device.stored_digests(), await device.row_counts()) == ({sha256(JPEG)}, {"stored_file": 1, "attachment": 0})
    device.blob_store.delete = delete
    await device.collect_garbage()
    assert device.stored_digests() == set()


async def test_lease_and_collection_statements_use_indexes(device: FormClient) -> None:
    session = await device.started({"a": FilePart(PNG)})
    database = device.api.app.state.services.database
    with statements(device.api) as sent:
        await device.started({"a": FilePart(PNG)})
        await device.api.delete(session["id"])
        await device.collect_garbage()
    about_files = [each for each in sent if "stored_file" in each and not each.startswith("INSERT")]
    assert len(about_files) >= 8

    def plans(tx: Connection) -> list[str]:
        explained = [(f"EXPLAIN QUERY PLAN {each}", (0,) * each.count("?")) for each in about_files]
        return [str(step) for statement, values in explained for step in tx.exec_driver_sql(statement, values)]

    # A scan of the small partial index of candidates is fine.
    steps = [
        each.replace("SCAN stored_file USING INDEX ix_stored_file_loose", "") for each in await database.read(plans)
    ]
    assert [step for step in steps if "SCAN stored_file" in step or "SCAN attachment" in step] == []


@pytest.mark.parametrize("extended", [False, True])
async def test_latest_lease_protects_until_it_expires(device: FormClient, extended: bool) -> None:
    for _ in range(1 + extended):
        await device.api.advance(LEASE_MS / SECOND - 1)
        await refused_start(device)
    await device.collect_garbage(LEASE_MS / SECOND - 0.001)
    assert device.stored_digests() == {sha256(PNG)}
    await device.collect_garbage(0.001)
    assert device.stored_digests() == set()


async def test_lease_never_shortens_another(device: FormClient) -> None:
    """The shorter lease is that of a server whose clock is behind, or of a request earlier in the batch."""
    database = device.api.app.state.services.database

    def race(tx: Connection, _: None) -> int:
        acquire(tx, LeaseRequest(MINUTE, {"aa": 1}))
        acquire(tx, LeaseRequest(0, {"aa": 1}))
        acquire.run(tx, [LeaseRequest(MINUTE, {"bb": 1}), LeaseRequest(0, {"cc": 1})])
        assert mark_deleting(tx, GcQuery(LEASE_MS + MINUTE - 1, frozenset())) == []
        return len(mark_deleting(tx, GcQuery(LEASE_MS + MINUTE, frozenset())))

    assert await database.write(race, None) == 3


async def test_blob_marked_as_deleting_cannot_be_pinned(device: FormClient) -> None:
    database = device.api.app.state.services.database

    def race(tx: Connection, _: None) -> str:
        (claimed,) = acquire(tx, LeaseRequest(0, {"aa": 1})).values()
        assert mark_deleting(tx, GcQuery(LEASE_MS - 1, frozenset())) == []
        assert mark_deleting(tx, GcQuery(LEASE_MS, frozenset({"aa"}))) == []
        assert mark_deleting(tx, GcQuery(LEASE_MS, frozenset())) == [claimed.key]
        assert mark_deleting(tx, GcQuery(0, frozenset({"aa"}))) == [claimed.key], "it was marked before"
        again = acquire(tx, LeaseRequest(LEASE_MS, {"aa": 1}))
        assert again["aa"].key != claimed.key
        pin(tx, {again["aa"].key})
        with pytest.raises(LeaseExpired):
            pin(tx, {claimed.key})
        return claimed.key

    assert await database.write(race, None)


async def test_expired_lease_fails_the_start_retryably(device: FormClient) -> None:
    """Collected by a server whose clock is far ahead."""
    database, put = device.api.app.state.services.database, device.blob_store.put

    async def put_too_late(*arguments: Any) -> None:
        await put(*arguments)
        await database.write(mark_deleting, GcQuery(device.api.clock.value + LEASE_MS, frozenset()))

    device.blob_store.put = put_too_late
    neighbours = asyncio.gather(*(device.api.start_user() for _ in range(3)))
    await device.assert_unavailable(start_body({"a": FilePart(PNG)}))
    assert len(await neighbours) == 3
    device.blob_store.put = put
    session = await device.started({"a": FilePart(PNG)})
    await device.collect_garbage()
    assert (await device.fetch((await device.form(session["id"]))["a"]["url"])).content == PNG
    assert await device.row_counts() == {"stored_file": 1, "attachment": 1}
