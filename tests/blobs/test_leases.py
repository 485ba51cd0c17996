"""Leases on blobs: duration, extension, and blobs marked as deleting."""

import asyncio
from typing import Any

import pytest
from sqlalchemy.engine import Connection

from models.clock import MINUTE, SECOND
from resolvers.blobs.leases import LEASE_MS, GcQuery, LeaseExpired, LeaseRequest
from resolvers.blobs.repository import acquire, mark_deleting, pin
from tests.blobs.form_client import PNG, FilePart, FormClient, error_code, sha256, start_body


async def test_lease_protects_until_it_expires(device: FormClient) -> None:
    await device.start({"a": FilePart(PNG)}, projectId="nowhere")
    await device.collect_garbage(LEASE_MS / SECOND - 0.001)
    assert device.stored_digests() == {sha256(PNG)}
    await device.collect_garbage(0.001)
    assert device.stored_digests() == set()


async def test_second_lease_extends_the_first(device: FormClient) -> None:
    await device.start({"a": FilePart(PNG)}, projectId="nowhere")
    await device.api.advance(LEASE_MS / SECOND - 1)
    await device.start({"a": FilePart(PNG)}, projectId="nowhere")
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
    blob_store = device.api.app.state.services.uploader.blob_store
    database, put = device.api.app.state.services.database, blob_store.put

    async def put_too_late(*arguments: Any) -> None:
        await put(*arguments)
        await database.write(mark_deleting, GcQuery(device.api.clock.value + LEASE_MS, frozenset()))

    blob_store.put = put_too_late
    neighbours = asyncio.gather(*(device.api.start_user() for _ in range(3)))
    answer = await device.send(start_body({"a": FilePart(PNG)}))
    assert (error_code(answer), answer["errors"][0]["extensions"]["retryable"]) == ("SERVICE_UNAVAILABLE", True)
    assert len(await neighbours) == 3
    blob_store.put = put
    session = await device.started({"a": FilePart(PNG)})
    await device.collect_garbage()
    assert (await device.fetch((await device.form(session["id"]))["a"]["url"])).content == PNG
    assert await device.row_counts() == {"stored_file": 1, "attachment": 1}
