"""Columns that are filled when a session ends: durations, last heartbeat, path times."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.engine import Connection

from models import session_rules
from models.tables import path_time, session
from models.tables.rows import Session
from resolvers.lifecycle.heartbeat import shared_prefix_lengths
from tests.api.session_inputs import MINIMAL_INPUTS
from tests.api_client import ApiClient

PATHS = st.sets(st.lists(st.sampled_from(["a", "b", "ab", '"', "["]), max_size=4).map(tuple), max_size=12)


@given(PATHS, st.integers(1, 5))
def test_shared_prefix_lengths_count_each_prefix_once(paths: set[tuple[str, ...]], depth: int) -> None:
    shared = shared_prefix_lengths(paths)
    assert shared.keys() == paths
    for prefix in {path[:depth] for path in paths}:
        assert sum(shared[path] < depth for path in paths if path[:depth] == prefix) == 1


def _read_rows(tx: Connection, id_: str) -> tuple[Session, list[Any]]:
    row = tx.execute(select(session).where(session.c.id == id_)).one()
    columns = [
        path_time.c[name]
        for name in ("path", "kind", "started_at", "ended_at", "end_reason", "final_seen_at", "shared", "final_ms")
    ]
    times = select(*columns)
    return Session(*row), [tuple(time) for time in tx.execute(times.where(path_time.c.session_id == id_))]


async def read_stored(api: ApiClient, id_: str) -> tuple[Session, list[Any]]:
    found: tuple[Session, list[Any]] = await api.app.state.services.database.read(_read_rows, id_)
    return found


async def start_visited(api: ApiClient) -> str:
    """Start a session that is 3 seconds on each of three paths; returns its id."""
    id_: str = (await api.start_user(path=["shop", "list"]))["id"]
    for path in (["shop", "cart"], ["home"], ["shop"]):
        await api.advance(3)
        await api.mutate("keepaliveSession", {"id": id_, "path": path})
    return id_


def final_path_times(s: Session) -> list[Any]:
    shared_lengths = ((["home"], 0), (["shop", "cart"], 0), (["shop", "list"], 1))
    ended = (s.kind, s.started_at, s.ended_at, s.end_reason, s.final_seen_at)
    return [(path, *ended, shared, 3000) for path, shared in shared_lengths]


async def test_live_session_has_no_ended_columns(api: ApiClient) -> None:
    s, times = await read_stored(api, await start_visited(api))
    assert (s.final_elapsed_ms, s.final_visible_ms, s.final_seen_at) == (None, None, None)
    assert {time[1:] for time in times} == {(None,) * 7}


async def test_stop_fills_ended_columns(api: ApiClient) -> None:
    id_ = await start_visited(api)
    await api.mutate("hideSession", {"id": id_})
    await api.advance(4)
    await api.mutate("stopSession", {"id": id_})
    s, times = await read_stored(api, id_)
    assert (s.final_elapsed_ms, s.final_visible_ms) == (13_000, 9_000)
    assert sorted(times) == final_path_times(s)


@pytest.mark.parametrize("swept", [True, False])
async def test_expiry_fills_ended_columns_without_the_silence(api: ApiClient, swept: bool) -> None:
    id_ = await start_visited(api)
    await api.advance(400)
    if swept:
        await api.sweep()
    else:
        assert (await api.mutate("keepaliveSession", {"id": id_}))["problems"][0]["code"] == "SESSION_ENDED"
    s, times = await read_stored(api, id_)
    assert (s.end_reason, s.final_elapsed_ms, s.final_visible_ms) == ("EXPIRED", 9_000, 9_000)
    assert sorted(times) == final_path_times(s)


@pytest.mark.parametrize("kind", MINIMAL_INPUTS)
@pytest.mark.parametrize("call", ["stopSession", "terminateSession"])
async def test_ended_columns_equal_the_session_fields(api: ApiClient, kind: str, call: str) -> None:
    id_ = (await api.start_session(kind, MINIMAL_INPUTS[kind]))["id"]
    await api.advance(7.5)
    await api.mutate(call, {"id": id_} | ({"reason": "late"} if call == "terminateSession" else {}))
    s, _ = await read_stored(api, id_)
    fields = await api.session(id_, "elapsedSeconds visibleSeconds")
    assert s.final_elapsed_ms == session_rules.elapsed(s, api.clock.now()) == fields["elapsedSeconds"] * 1000
    assert s.final_visible_ms == fields["visibleSeconds"] * 1000
    assert s.final_seen_at == s.last_seen_at


async def test_past_item_has_ended_columns_at_creation(api: ApiClient) -> None:
    times = {"startTime": "2026-05-28T10:00:00Z", "endTime": "2026-05-28T11:30:00Z"}
    id_ = (await api.start_session("agenda", MINIMAL_INPUTS["agenda"] | times))["id"]
    s, _ = await read_stored(api, id_)
    assert (s.end_reason, s.final_elapsed_ms, s.final_visible_ms) == ("COMPLETED", 5_400_000, 0)
