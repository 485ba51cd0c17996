"""Statistics of a long past are looked up by its indexes alone; only of the few sessions that go on rows are read."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import pytest

from models.clock import DAY, MINUTE
from models.database import Database
from resolvers.pagination.page import PageArgs
from resolvers.sessions.service import list_sessions
from resolvers.stats import Stats
from tests.factories import NOW
from tests.queries.operation_context import READER, context
from tests.queries.query_plans import plan_of

FIGURES: Final[dict[str, Callable[[Stats], Awaitable[Any]]]] = {
    "total": Stats.total,
    "active": Stats.active,
    "visible": Stats.visible,
    "seenWithin": lambda stats: stats.seen_within(5),
    "elapsedSeconds": Stats.elapsed_seconds,
    "visibleSeconds": Stats.visible_seconds,
    "byKind": Stats.by_kind,
    "byProject": Stats.by_project,
    "bySubject": Stats.by_subject,
    "byPath": Stats.by_path,
    "byEndReason": Stats.by_end_reason,
    "series": lambda stats: stats.series(NOW - 30 * DAY, NOW, 3600),
}
OF_PRESENT: Final = ("active", "visible", "seenWithin")
OF_PAST: Final = [name for name in FIGURES if name not in OF_PRESENT]
TIMES: Final = "SEARCH path_time USING INDEX sqlite_autoindex_path_time_1 (session_id=?)"
COVERED: Final[list[dict[str, Any]]] = [
    {},
    {"project_ids": ["p1"]},
    {"kinds": ["USER"]},
    {"project_ids": ["p1"], "kinds": ["USER", "CLIENT"]},
    {"user": {}},
    {"states": ["ENDED"]},
    {"active": False},
]


def steps(plan: list[str]) -> list[str]:
    """The steps that read tables or indexes."""
    return [step for step in plan if step.split()[1] in ("session", "path_time")]


def past(plan: list[str]) -> list[str]:
    """Those that may read what has ended."""
    return [step for step in steps(plan) if "ix_session_live" not in step and "ix_session_due" not in step]


async def planned(database: Database, figure: str, names: dict[str, Any] | None, **asked: Any) -> list[str]:
    return await plan_of(database, FIGURES[figure](Stats(context(database, **asked), names)))


@pytest.mark.parametrize("names", COVERED, ids=str)
@pytest.mark.parametrize("figure", OF_PAST)
async def test_indexes_answer_for_the_past(filled: Database, figure: str, names: dict[str, Any]) -> None:
    found = past(await planned(filled, figure, names))
    # The times of sessions that go on are looked up one by one.
    assert [step for step in found if "COVERING INDEX" not in step] == ([TIMES] if figure == "byPath" else [])


@pytest.mark.parametrize("names", COVERED, ids=str)
@pytest.mark.parametrize("figure", OF_PRESENT)
async def test_what_goes_on_is_counted_without_a_look_at_the_past(
    filled: Database, figure: str, names: dict[str, Any]
) -> None:
    assert past(await planned(filled, figure, names)) == []


@pytest.mark.parametrize(
    ("figure", "index"),
    [
        ("total", "SCAN session USING COVERING INDEX ix_session_past_created"),
        ("byKind", "SCAN session USING COVERING INDEX ix_session_past_subject"),
        ("byProject", "SCAN session USING COVERING INDEX ix_session_past"),
        ("bySubject", "SEARCH session USING COVERING INDEX ix_session_past_subject (subject>?)"),
        ("byPath", "SCAN path_time USING COVERING INDEX ix_path_time_past"),
        ("series", "SEARCH session USING COVERING INDEX ix_session_ended (ended_at>?)"),
    ],
)
async def test_each_figure_has_its_index(filled: Database, figure: str, index: str) -> None:
    assert past(await planned(filled, figure, {}))[0] == index


@pytest.mark.parametrize("figure", OF_PAST)
async def test_a_caller_with_projects_reads_of_no_other(filled: Database, figure: str) -> None:
    found = past(await planned(filled, figure, None, caller=READER))
    assert [step for step in found if "(project_id=?" not in step and step != TIMES] == []


@pytest.mark.parametrize("figure", [name for name in OF_PAST if name != "series"])
async def test_what_no_index_holds_is_read_in_the_order_it_is_stored_in(filled: Database, figure: str) -> None:
    found = past(await planned(filled, figure, {"client": {"languages": ["fr"]}}))
    assert found[0] == "SCAN session"
    assert set(found[1:]) <= {TIMES}


@pytest.mark.parametrize("name", ["started_before", "stopped_before", "seen_before"])
async def test_the_index_of_subjects_is_left_alone_where_it_does_not_hold_what_is_asked(
    filled: Database, name: str
) -> None:
    found = past(await planned(filled, "bySubject", {name: NOW - MINUTE}))
    assert found
    assert [step for step in found if "ix_session_past_subject" in step] == []


@pytest.mark.parametrize("figure", FIGURES)
async def test_what_few_sessions_have_is_looked_up(filled: Database, figure: str) -> None:
    found = steps(await planned(filled, figure, {"media": {"media_ids": ["m"]}}))
    looked_up = "SEARCH session USING INDEX ix_session_media (media_id=?"
    assert [step for step in found if not step.startswith(looked_up) and step != TIMES] == []


@pytest.mark.parametrize(
    "names",
    [*COVERED, {"end_reasons": ["STOPPED"]}, {"started_after": NOW - MINUTE}, {"seen_before": NOW - MINUTE}],
    ids=str,
)
async def test_a_list_is_counted_by_indexes(filled: Database, names: dict[str, Any]) -> None:
    page = await list_sessions(context(filled), filter=names, order=[], page=PageArgs())
    found = past(await plan_of(filled, page.total_count()))
    assert found
    assert [step for step in found if "COVERING INDEX" not in step] == []
