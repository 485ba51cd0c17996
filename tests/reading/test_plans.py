"""What is often asked is looked up in an index: the planner's own words, without statistics of the data."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Connection

from models.clock import MINUTE, SECOND
from models.database import Database, open_database
from models.words import Kind
from resolvers.activities import list_activities
from resolvers.lifecycle.sweeping import Sweep, settle_due
from resolvers.pages import PageArgs
from resolvers.sessions import list_sessions
from resolvers.stats import Stats
from tests.reading.asking import READER, context
from tests.rows import NOW, activity_row, ended_row, project_row, session_row, store

WALK = "SCAN session USING INDEX ix_session_started"
"""In the order of the list, until the page is full."""
BY_ID = "SEARCH session USING INDEX sqlite_autoindex_session_1 (id=?)"
BY_END = [
    "SEARCH session USING INDEX ix_session_ended (ended_at>? AND ended_at<?)",
    "SEARCH session USING INDEX ix_session_due (due_at>? AND due_at<?)",
]


@pytest.fixture(scope="module")
async def filled(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Database]:
    """Three thousand sessions, most of them ended."""
    async with open_database(tmp_path_factory.mktemp("plans") / "test.db") as database:
        kinds = list(Kind)
        made = [
            session_row(kinds[index % 5], started_at=NOW - index * SECOND)
            if index % 4 == 0
            else ended_row(kinds[index % 5])
            for index in range(3000)
        ]
        await store(database, project_row("p1"), *made, *(activity_row(s) for s in made))
        yield database


async def plan_of(database: Database, question: Awaitable[Any]) -> list[str]:
    """How the statements of a question are carried out, step by step."""
    sent: list[tuple[str, Any]] = []

    def note(_connection: Connection, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if statement.startswith("SELECT"):
            sent.append((statement, parameters))

    engines = (database._reading.sync_engine, database._writer._engine.sync_engine)
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        await question
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)
    return await database.read(_explain, sent)


def _explain(tx: Connection, sent: list[tuple[str, Any]]) -> list[str]:
    return [
        step for sql, parameters in sent for *_, step in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters)
    ]


def on_sessions(plan: list[str]) -> list[str]:
    """The steps that look for sessions."""
    return [step for step in plan if step.split()[:2] in (["SCAN", "session"], ["SEARCH", "session"])]


@pytest.mark.parametrize(
    ("names", "steps"),
    [
        ({}, [WALK]),
        ({"ids": ["a", "b"]}, [BY_ID]),
        ({"project_ids": ["p1"]}, ["SEARCH session USING INDEX ix_session_project_started (project_id=?)"]),
        (
            {"project_ids": ["p1"], "started_after": NOW - MINUTE, "started_before": NOW},
            ["SEARCH session USING INDEX ix_session_project_started (project_id=? AND started_at>? AND started_at<?)"],
        ),
        ({"started_after": NOW}, ["SEARCH session USING INDEX ix_session_started (started_at>?)"]),
        ({"subjects": ["a", "b"]}, ["SEARCH session USING INDEX ix_session_subject (subject=?)"]),
        ({"client": {"device_ids": ["a"]}}, ["SEARCH session USING INDEX ix_session_subject (subject=?)"]),
        ({"user": {"usernames": ["a"]}}, ["SEARCH session USING INDEX ix_session_subject (subject=?)"]),
        ({"external_ids": ["a"]}, ["SEARCH session USING INDEX ix_session_external_id (external_id=?)"]),
        ({"field": {"uuids": ["a"]}}, ["SEARCH session USING INDEX ix_session_external_id (external_id=?)"]),
        ({"agenda": {"guides": [7]}}, ["SEARCH session USING INDEX ix_session_guide (guide=?)"]),
        ({"agenda": {"schedule_tracks": [1]}}, [BY_ID]),
        ({"media": {"media_ids": ["a"]}}, ["SEARCH session USING INDEX ix_session_media (media_id=?)"]),
        ({"active": True}, ["SEARCH session USING INDEX ix_session_ended (ended_at=?)"]),
        ({"states": ["ACTIVE"]}, ["SEARCH session USING INDEX ix_session_ended (ended_at=?)"]),
        ({"states": ["SCHEDULED"]}, ["SEARCH session USING INDEX ix_session_ended (ended_at=? AND started_at>?)"]),
        # Most sessions have ended: a page of those is full soonest in the order of the list.
        ({"states": ["ENDED"]}, [WALK]),
        ({"active": False}, [WALK]),
        ({"stopped_after": NOW}, BY_END),
        ({"stopped_before": NOW}, BY_END),
        ({"stopped_after": NOW - MINUTE, "stopped_before": NOW}, BY_END),
        ({"kinds": ["USER"], "stopped_after": NOW}, BY_END),
    ],
)
async def test_a_filtered_page_is_looked_up(filled: Database, names: dict[str, Any], steps: list[str]) -> None:
    plan = await plan_of(filled, list_sessions(context(filled), filter=names, order=[], page=PageArgs()))
    assert on_sessions(plan) == steps


async def test_tracks_are_looked_up(filled: Database) -> None:
    names = {"agenda": {"schedule_tracks": [1]}}
    plan = await plan_of(filled, list_sessions(context(filled), filter=names, order=[], page=PageArgs()))
    assert "SEARCH session_track USING INDEX ix_session_track_track (track=?)" in plan


async def test_a_later_page_begins_at_its_cursor(filled: Database) -> None:
    first = await list_sessions(context(filled), filter=None, order=[], page=PageArgs())
    later = list_sessions(context(filled), filter=None, order=[], page=PageArgs(after=first.end_cursor))
    assert on_sessions(await plan_of(filled, later)) == [
        "SEARCH session USING INDEX ix_session_started (started_at<?)",
        "SEARCH session USING COVERING INDEX ix_session_started (started_at>?)",
    ]


async def test_a_caller_with_projects_reads_by_project(filled: Database) -> None:
    plan = await plan_of(filled, list_sessions(context(filled, READER), filter=None, order=[], page=PageArgs()))
    assert on_sessions(plan) == ["SEARCH session USING INDEX ix_session_project_started (project_id=?)"]


async def test_timelines_are_looked_up_by_session_and_position(filled: Database) -> None:
    asked = context(filled)
    found = await list_sessions(asked, filter=None, order=[], page=PageArgs())
    pages = [asked.loaders.activities(s.id, None, PageArgs(first=3)) for s in found.nodes]
    plan = await plan_of(filled, asyncio.gather(*pages))
    assert plan == [
        "SEARCH session USING COVERING INDEX sqlite_autoindex_session_1 (id=?)",
        "SEARCH activity USING INDEX ix_activity_session (session_id=? AND position<?) LEFT-JOIN",
        "CORRELATED SCALAR SUBQUERY 1",
        "SEARCH activity_1 USING COVERING INDEX ix_activity_session (session_id=?)",
    ]


async def test_the_log_is_read_from_its_end_or_by_project(filled: Database) -> None:
    asked = context(filled)
    plan = await plan_of(filled, list_activities(asked, filter=None, types=None, page=PageArgs(last=5)))
    assert plan == ["SCAN activity"]  # backwards from the last position, until the page is full
    names = {"project_ids": ["p1"]}
    plan = await plan_of(filled, list_activities(asked, filter=names, types=None, page=PageArgs(last=5)))
    assert plan == ["SEARCH activity USING INDEX ix_activity_project (project_id=?)"]


async def test_a_series_reads_what_lies_in_its_window(filled: Database) -> None:
    plan = await plan_of(filled, Stats(context(filled), None).series(NOW - MINUTE, NOW, 1))
    assert on_sessions(plan) == [
        "SEARCH session USING INDEX ix_session_started (started_at<?)",
        "SEARCH session USING INDEX ix_session_started (started_at>? AND started_at<?)",
        *BY_END,
    ]


async def test_counting_the_active_looks_at_no_ended_one(filled: Database) -> None:
    for ask in (Stats.active, Stats.visible):
        plan = await plan_of(filled, ask(Stats(context(filled), None)))
        assert on_sessions(plan) == ["SEARCH session USING INDEX ix_session_ended (ended_at=?)"]


async def test_the_sweep_looks_up_what_is_due(filled: Database) -> None:
    plan = await plan_of(filled, filled.write(settle_due, Sweep(NOW)))
    assert on_sessions(plan)[0] == "SEARCH session USING INDEX ix_session_due (due_at<?)"
    assert not [step for step in on_sessions(plan) if step.startswith("SCAN")]
