"""Sweeper: retention, long rounds, failures."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from models.clock import Instant
from models.database import CommittedChanges
from models.errors import StorageUnavailable
from models.tables.rows import Session
from resolvers.access import LOCAL_ADMIN
from resolvers.context import open_context
from resolvers.lifecycle.due import DUE_BATCH, MAX_DUE_PATHS
from resolvers.lifecycle.retention import RETENTION_BATCH
from resolvers.lifecycle.service import keepalive_session
from tests.api_client import EPOCH, ApiClient, open_api
from tests.factories import ended_row, insert, session_row

DAY = 86_400


async def activity_types(api: ApiClient, session_id: str) -> list[str]:
    document = "query($ids: [ID!]) { activities(filter: {ids: $ids}) { edges { node { type } } } }"
    return [edge["node"]["type"] for edge in (await api.execute(document, ids=[session_id]))["edges"]]


async def test_retention_deletes_session_and_later_its_tombstone(tmp_path: Path) -> None:
    async with open_api(tmp_path / "test.db", retention_days=2) as api:
        old, new = await api.start_user(timeoutSeconds=DAY), await api.start_user("bob")
        await api.mutate("stopSession", {"id": old["id"]})
        await api.advance(2 * DAY - 1)
        await api.sweep()
        assert await api.activity_types(old["id"]) == ["STARTED", "STOPPED"]
        await api.advance(60)
        await api.sweep()
        assert await api.execute("query($id: ID!) { session(id: $id) { id } }", id=old["id"]) is None
        assert await activity_types(api, old["id"]) == ["DELETED"]
        assert (await api.session(new["id"]))["endReason"] == "EXPIRED"
        await api.advance(7 * DAY)
        await api.sweep()
        assert await activity_types(api, old["id"]) == []


async def test_sessions_are_kept_for_ever_by_default(api: ApiClient) -> None:
    session = await api.start_user()
    await api.mutate("stopSession", {"id": session["id"]})
    await api.advance(1000 * DAY)
    await api.sweep()
    assert await api.activity_types(session["id"]) == ["STARTED", "STOPPED"]


async def test_retention_deletes_in_batches(tmp_path: Path) -> None:
    file = tmp_path / "test.db"
    async with open_api(file) as api:
        rows = [ended_row(at=EPOCH - 100_000_000) for _ in range(RETENTION_BATCH + 1)]
        await insert(api.app.state.services.database, *rows)
    async with open_api(file, retention_days=1) as api:
        assert await api.execute("{ sessionStats { total } }") == {"total": 1}
        await api.sweep()
        assert await api.execute("{ sessionStats { total } }") == {"total": 0}


async def test_slow_sweep_is_no_downtime(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    database = api.app.state.services.database
    bystander = await api.start_user(timeoutSeconds=3600, fields="expiresAt")
    due = [session_row(started_at=EPOCH - 10_000_000, last_seen_at=EPOCH - 300_000) for _ in range(5 * DUE_BATCH + 1)]
    await insert(database, *due)
    write = database.write

    async def write_slowly(work: Any, item: Any) -> Any:
        result = await write(work, item)
        api.clock.value += 1000
        return result

    monkeypatch.setattr(type(database), "write", lambda _, work, item: write_slowly(work, item))
    await api.sweep()
    assert await api.execute("{ sessionStats { total active } }") == {"total": 5 * DUE_BATCH + 2, "active": 1}
    assert (await api.session(bystander["id"], "expiresAt"))["expiresAt"] == bystander["expiresAt"]


def due_row(last_seen_at: Instant = EPOCH - 300_000, **values: Any) -> Session:
    return session_row(started_at=EPOCH - 10_000_000, last_seen_at=last_seen_at, **values)


async def test_sweep_writes_a_bounded_number_of_rows_at_once(api: ApiClient) -> None:
    database = api.app.state.services.database
    many_paths = {"last_seen_at": EPOCH - 400_000, "path_count": MAX_DUE_PATHS // 2 + 1}
    sizes: list[int] = []
    with database.on_commit(lambda changes: sizes.append(len(changes.session_ids))):
        for others, expected in ((0, [1, 1, 1]), (DUE_BATCH + 1, [1, 1, DUE_BATCH, 2])):
            await insert(database, *(due_row(**many_paths) for _ in range(3)), *(due_row() for _ in range(others)))
            sizes.clear()
            await api.sweep()
            assert sizes == expected
    assert await api.execute("{ sessionStats { total active } }") == {"total": DUE_BATCH + 7, "active": 0}


async def test_other_writes_go_between_the_transactions_of_a_sweep(api: ApiClient) -> None:
    services, user = api.app.state.services, (await api.start_user())["id"]
    await insert(services.database, *(due_row() for _ in range(3 * DUE_BATCH)))
    commits: list[set[str]] = []
    keepalives: list[asyncio.Task[Any]] = []

    async def keep_alive() -> None:
        async with open_context(services, LOCAL_ADMIN) as context:
            await keepalive_session(context, {"id": user})

    def listen(changes: CommittedChanges) -> None:
        if not commits:
            keepalives.append(asyncio.create_task(keep_alive()))
        commits.append(changes.session_ids)

    with services.database.on_commit(listen):
        await api.sweep()
    await asyncio.gather(*keepalives)
    assert [user in ids for ids in commits] == [False, True, False, False]


@pytest.mark.parametrize("storage_fails", [True, False])
async def test_failed_sweep_logs_cause_without_client_data(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch, storage_fails: bool
) -> None:
    failed = asyncio.Event()

    async def fail() -> None:
        failed.set()
        sent = "what a client sent"
        if storage_fails:
            raise StorageUnavailable("not now") from OperationalError("UPDATE", {}, Exception("disk is full"))
        raise RuntimeError(sent)

    monkeypatch.setattr(api.app.state.sweeper, "sweep", fail)
    with capture_logs() as log:
        async with api.app.state.sweeper.running(0.001):
            await failed.wait()
            await asyncio.sleep(0)
    assert log[0]["event"] == ("sweep postponed" if storage_fails else "sweep failed")
    assert log[0].get("cause", log[0].get("error")) == ("disk is full" if storage_fails else "RuntimeError")
    assert "what a client sent" not in str(log)
