"""Query plans of frequent queries, without statistics of the data."""

import asyncio
from typing import Any

import pytest

from models.clock import MINUTE
from models.database import Database
from resolvers.access import LOCAL_ADMIN, Caller
from resolvers.activities.service import list_activities, session_activities
from resolvers.lifecycle.due import apply_due_batch
from resolvers.pagination.keyset import Page, PageArgs
from resolvers.sessions.service import list_sessions
from tests.factories import NOW
from tests.queries.operation_context import READER, make_context
from tests.queries.query_plans import explain, session_steps

LIST_SCAN = "SCAN session USING INDEX ix_session_started"
"""Scans in the order of the list until the page is full."""
LIVE_SCAN = "SCAN session USING INDEX ix_session_live"
"""The same for live sessions only."""
ID_LOOKUP = "SEARCH session USING INDEX sqlite_autoindex_session_1 (id=?)"
END_LOOKUP = [
    "SEARCH session USING INDEX ix_session_ended (ended_at>? AND ended_at<?)",
    "SEARCH session USING INDEX ix_session_due (due_at>? AND due_at<?)",
]


@pytest.mark.parametrize(
    ("filter_", "steps"),
    [
        ({}, [LIST_SCAN]),
        ({"ids": ["a", "b"]}, [ID_LOOKUP]),
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
        ({"agenda": {"schedule_tracks": [1]}}, [ID_LOOKUP]),
        ({"media": {"media_ids": ["a"]}}, ["SEARCH session USING INDEX ix_session_media (media_id=?)"]),
        ({"active": True}, [LIVE_SCAN]),
        ({"states": ["ACTIVE"]}, [LIVE_SCAN]),
        ({"visible": True}, [LIVE_SCAN]),
        ({"states": ["SCHEDULED"]}, ["SEARCH session USING INDEX ix_session_live (started_at>?)"]),
        ({"active": True, "kinds": ["USER"], "project_ids": ["p1"]}, [LIVE_SCAN]),
        ({"active": True, "started_after": NOW}, ["SEARCH session USING INDEX ix_session_live (started_at>?)"]),
        ({"active": True, "subjects": ["a"]}, ["SEARCH session USING INDEX ix_session_subject (subject=?)"]),
        # Most sessions have ended: a scan in the order of the list fills a page soonest.
        ({"states": ["ENDED"]}, [LIST_SCAN]),
        ({"active": False}, [LIST_SCAN]),
        ({"stopped_after": NOW}, END_LOOKUP),
        ({"stopped_before": NOW}, END_LOOKUP),
        ({"stopped_after": NOW - MINUTE, "stopped_before": NOW}, END_LOOKUP),
        ({"kinds": ["USER"], "stopped_after": NOW}, END_LOOKUP),
    ],
)
async def test_filtered_page_uses_index(filled: Database, filter_: dict[str, Any], steps: list[str]) -> None:
    plan = await explain(filled, list_sessions(make_context(filled), filter=filter_, order_by=[], page=PageArgs()))
    assert session_steps(plan) == steps


async def test_track_filter_uses_index(filled: Database) -> None:
    filter_ = {"agenda": {"schedule_tracks": [1]}}
    plan = await explain(filled, list_sessions(make_context(filled), filter=filter_, order_by=[], page=PageArgs()))
    assert "SEARCH session_track USING INDEX ix_session_track_track (track=?)" in plan


async def test_later_page_starts_at_cursor(filled: Database) -> None:
    first = await list_sessions(make_context(filled), filter=None, order_by=[], page=PageArgs())
    later = list_sessions(make_context(filled), filter=None, order_by=[], page=PageArgs(after=first.end_cursor))
    assert session_steps(await explain(filled, later)) == [
        "SEARCH session USING INDEX ix_session_started (started_at<?)",
        "SEARCH session USING COVERING INDEX ix_session_started (started_at>?)",
    ]


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
@pytest.mark.parametrize("caller", [LOCAL_ADMIN, READER], ids=["local", "reader"])
async def test_agenda_of_guide_is_read_in_index_order(filled: Database, caller: Caller, direction: str) -> None:
    async def page(of: Caller = caller, **args: Any) -> Page[Any]:
        filter_, order = {"agenda": {"guides": [7]}}, [("STARTED_AT", direction)]
        return await list_sessions(make_context(filled, of), filter=filter_, order_by=order, page=PageArgs(**args))

    first, last = await page(LOCAL_ADMIN, first=5), await page(LOCAL_ADMIN, last=5)
    for plan in (await explain(filled, page(first=5)), await explain(filled, page(last=5))):
        assert plan == ["SEARCH session USING INDEX ix_session_guide (guide=?)"]
    cursors: list[dict[str, Any]] = [{"first": 5, "after": first.end_cursor}, {"last": 5, "before": last.start_cursor}]
    for args in cursors:
        plan = await explain(filled, page(**args))
        # The page from its cursor, and whether there are rows on the other side; nothing is sorted.
        assert [step.split(" (")[0] for step in plan] == [
            "SEARCH session USING INDEX ix_session_guide",
            "SEARCH session USING INDEX ix_session_guide",
        ]
        assert all("guide=? AND started_at" in step for step in plan)


async def test_caller_with_projects_reads_by_project(filled: Database) -> None:
    plan = await explain(filled, list_sessions(make_context(filled, READER), filter=None, order_by=[], page=PageArgs()))
    assert session_steps(plan) == ["SEARCH session USING INDEX ix_session_project_started (project_id=?)"]


async def test_timelines_use_index_of_session_and_position(filled: Database) -> None:
    context = make_context(filled)
    found = await list_sessions(context, filter=None, order_by=[], page=PageArgs())
    pages = [session_activities(context, s.id, types=None, page=PageArgs(first=3)) for s in found.nodes]
    plan = await explain(filled, asyncio.gather(*pages))
    assert plan == [
        "SEARCH session USING COVERING INDEX sqlite_autoindex_session_1 (id=?)",
        "SEARCH activity USING INDEX ix_activity_session (session_id=? AND position<?) LEFT-JOIN",
        "CORRELATED SCALAR SUBQUERY 1",
        "SEARCH activity_1 USING COVERING INDEX ix_activity_session (session_id=?)",
    ]


async def test_log_is_read_backwards_or_by_project(filled: Database) -> None:
    context = make_context(filled)
    plan = await explain(filled, list_activities(context, filter=None, types=None, page=PageArgs(last=5)))
    assert plan == ["SCAN activity"]  # backwards from the last position, until the page is full
    filter_ = {"project_ids": ["p1"]}
    plan = await explain(filled, list_activities(context, filter=filter_, types=None, page=PageArgs(last=5)))
    assert plan == ["SEARCH activity USING INDEX ix_activity_project (project_id=?)"]


async def test_sweep_uses_due_index(filled: Database) -> None:
    plan = await explain(filled, filled.write(apply_due_batch, NOW))
    assert session_steps(plan)[0] == "SEARCH session USING INDEX ix_session_due (due_at<?)"
    assert not [step for step in session_steps(plan) if step.startswith("SCAN")]
