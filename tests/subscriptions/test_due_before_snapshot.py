"""Ends are written before they are sent, so that a call in flight cannot undo them."""

from collections.abc import Callable
from typing import Any

import pytest

from models.database import Database
from models.errors import StorageUnavailable
from resolvers.lifecycle import service as lifecycle
from resolvers.lifecycle.due import apply_due_batch
from tests.feed_harness import FeedHarness, fold


async def delayed_keepalive(harness: FeedHarness, session_id: str, seconds: float) -> Callable[[], Any]:
    """Advance by `seconds`, and return a keepalive whose `now` was taken half-way."""
    await harness.api.advance(seconds / 2)
    context = await harness.context()
    await harness.api.advance(seconds / 2)
    return lambda: lifecycle.keepalive_session(context, {"id": session_id})


@pytest.mark.parametrize("resumes", [False, True])
async def test_late_keepalive_after_catch_up_does_not_revive_session(harness: FeedHarness, resumes: bool) -> None:
    cursor = (await harness.subscribe()).cursors[-1] if resumes else None
    session = await harness.api.start_user()
    call = await delayed_keepalive(harness, session["id"], 300)
    stream = await harness.subscribe(after=cursor)
    assert fold(stream.received) == {}
    assert [problem.code for problem in (await call()).problems] == ["SESSION_ENDED"]
    await stream.read()
    assert fold(stream.received) == {}


async def test_late_keepalive_before_snapshot_keeps_session(harness: FeedHarness) -> None:
    session = await harness.api.start_user()
    call = await delayed_keepalive(harness, session["id"], 300)
    assert (await call()).problems == []
    assert set(fold((await harness.subscribe()).received)) == {session["id"]}


async def test_late_keepalive_after_removal_does_not_revive_session(harness: FeedHarness) -> None:
    stream = await harness.subscribe(every=1000)
    session = await harness.api.start_user()
    await stream.read()
    await harness.api.mutate("keepaliveSession", {"id": session["id"], "path": ["x"]})
    await stream.read()
    call = await delayed_keepalive(harness, session["id"], 300)
    harness.timers.advance(300)
    await stream.read()
    assert fold(stream.received) == {}
    assert (await call()).problems != []


async def test_started_agenda_item_is_stopped_not_cancelled_by_a_late_call(harness: FeedHarness) -> None:
    talk = {"guide": 1, "name": "Talk", "startTime": "2026-05-28T21:00:00Z"}
    session = await harness.api.start_session("agenda", talk)
    early = await harness.subscribe()
    context = await harness.context()
    await harness.api.advance(2000)
    late = await harness.subscribe()
    assert set(fold(late.received)) == {session["id"]}
    assert (await lifecycle.stop_session(context, {"id": session["id"]})).problems == []
    for stream in (early, late):
        await stream.read()
        assert fold(stream.received) == {}


async def test_snapshot_without_storage_excludes_expired_sessions(
    harness: FeedHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await harness.api.start_user()
    stream = await harness.subscribe()
    await harness.api.mutate("hideSession", {"id": session["id"]})
    await harness.api.advance(300)
    write = Database.write

    async def refuse(self: Database, work: Any, item: Any) -> Any:
        if work is apply_due_batch:
            raise StorageUnavailable("full")
        return await write(self, work, item)

    monkeypatch.setattr(Database, "write", refuse)
    assert fold((await harness.subscribe()).received) == {}
    assert await stream.read() == []
    monkeypatch.undo()
    await harness.api.sweep()
    assert [change.activity for change in await stream.read()] == ["EXPIRED"]
