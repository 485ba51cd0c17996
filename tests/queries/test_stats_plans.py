"""Query plans of statistics: covering indexes for ended sessions, rows for live ones only."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

import pytest

from models.clock import DAY, MINUTE
from models.database import Database
from resolvers.pagination.keyset import PageArgs
from resolvers.sessions.service import list_sessions
from resolvers.stats import queries
from resolvers.stats.service import Stats
from tests.factories import NOW
from tests.queries.operation_context import READER, make_context
from tests.queries.query_plans import explain

STATISTICS: Final[dict[str, Callable[[Stats], Awaitable[Any]]]] = {
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
    "subjects": Stats.subjects,
    "activeSubjects": Stats.active_subjects,
    **{f"groupBy {name}": partial(Stats.group_by, field=name) for name in queries.GROUP_KEYS},
    "recentSeries": Stats.recent_series,
    "series": lambda stats: stats.series(NOW - 30 * DAY, NOW, 3600),
}
LIVE_ONLY: Final = ("active", "visible", "seenWithin", "activeSubjects")
INCLUDING_ENDED: Final = [name for name in STATISTICS if name not in (*LIVE_ONLY, "groupBy PLAYER_STATE")]
"""Without the one that no index covers: the state of a player changes while it lives."""
PATH_TIME_LOOKUP: Final = "SEARCH path_time USING INDEX sqlite_autoindex_path_time_1 (session_id=?)"
SERIES: Final = ("series", "recentSeries")
BY_THEIR_INDEX: Final = (*SERIES, *(f"groupBy {name}" for name in queries.GROUP_KEYS))
"""Statistics that read the index of a kind or of times, which holds all projects."""
COVERED_FILTERS: Final[list[dict[str, Any]]] = [
    {},
    {"project_ids": ["p1"]},
    {"kinds": ["USER"]},
    {"project_ids": ["p1"], "kinds": ["USER", "CLIENT"]},
    {"user": {}},
    {"states": ["ENDED"]},
    {"active": False},
]


def read_steps(plan: list[str]) -> list[str]:
    """Return the steps that read tables or indexes."""
    return [step for step in plan if {"session", "path_time", "session_track"}.intersection(step.split()[1:2])]


def ended_steps(plan: list[str]) -> list[str]:
    """Return the steps that may read ended sessions."""
    return [step for step in read_steps(plan) if "ix_session_live" not in step and "ix_session_due" not in step]


def is_lookup(step: str) -> bool:
    """Return whether a step reads what belongs to one session, or the sessions of one subject."""
    return step == PATH_TIME_LOOKUP or "(session_id=?)" in step or "(subject=? AND kind=? AND project_id=?" in step


async def explain_statistic(
    database: Database, figure: str, filter_: dict[str, Any] | None, **caller: Any
) -> list[str]:
    return await explain(database, STATISTICS[figure](Stats(make_context(database, **caller), filter_)))


@pytest.mark.parametrize("filter_", COVERED_FILTERS, ids=str)
@pytest.mark.parametrize("figure", INCLUDING_ENDED)
async def test_covering_indexes_answer_for_ended_sessions(
    filled: Database, figure: str, filter_: dict[str, Any]
) -> None:
    found = ended_steps(await explain_statistic(filled, figure, filter_))
    # The path times of live sessions are looked up one by one.
    assert [step for step in found if "COVERING INDEX" not in step] == (
        [PATH_TIME_LOOKUP] if figure == "byPath" else []
    )


@pytest.mark.parametrize(
    "filter_",
    [
        {"started_after": NOW - MINUTE},
        {"stopped_before": NOW},
        {"end_reasons": ["STOPPED"], "project_ids": ["p1"]},
        {"seen_after": NOW - MINUTE},
    ],
    ids=str,
)
async def test_path_times_answer_for_filters_by_time_and_reason(filled: Database, filter_: dict[str, Any]) -> None:
    found = ended_steps(await explain_statistic(filled, "byPath", filter_))
    assert [step.split(" (")[0] for step in found if step != PATH_TIME_LOOKUP] in (
        ["SCAN path_time USING COVERING INDEX ix_path_time_past"],
        ["SEARCH path_time USING COVERING INDEX ix_path_time_past"],
    )


@pytest.mark.parametrize("filter_", COVERED_FILTERS, ids=str)
@pytest.mark.parametrize("figure", LIVE_ONLY)
async def test_live_statistics_do_not_read_ended_sessions(
    filled: Database, figure: str, filter_: dict[str, Any]
) -> None:
    assert ended_steps(await explain_statistic(filled, figure, filter_)) == []


@pytest.mark.parametrize(
    ("figure", "index"),
    [
        ("total", "SCAN session USING COVERING INDEX ix_session_past_started"),
        ("byKind", "SCAN session USING COVERING INDEX ix_session_past_subject"),
        ("byProject", "SCAN session USING COVERING INDEX ix_session_past"),
        ("bySubject", "SEARCH session USING COVERING INDEX ix_session_past_subject (subject>?)"),
        ("byPath", "SCAN path_time USING COVERING INDEX ix_path_time_past"),
        ("series", "SEARCH session USING COVERING INDEX ix_session_ended (ended_at>? AND ended_at<?)"),
        ("groupBy LANGUAGE", "SEARCH session USING COVERING INDEX ix_session_past_client (client_system>?)"),
        ("groupBy GUIDE", "SEARCH session USING COVERING INDEX ix_session_past_agenda (guide>?)"),
        ("groupBy CHANNEL", "SEARCH session USING COVERING INDEX ix_session_past_media (media_id>?)"),
    ],
)
async def test_each_statistic_has_its_index(filled: Database, figure: str, index: str) -> None:
    assert ended_steps(await explain_statistic(filled, figure, {}))[0] == index


@pytest.mark.parametrize("figure", [name for name in INCLUDING_ENDED if name not in BY_THEIR_INDEX])
async def test_caller_with_projects_reads_those_only(filled: Database, figure: str) -> None:
    found = ended_steps(await explain_statistic(filled, figure, None, caller=READER))
    assert [step for step in found if "(project_id=?" not in step and not is_lookup(step)] == []


@pytest.mark.parametrize("figure", [name for name in INCLUDING_ENDED if name not in SERIES])
async def test_uncovered_filter_scans_table(filled: Database, figure: str) -> None:
    found = ended_steps(await explain_statistic(filled, figure, {"client": {"languages": ["fr"]}}))
    assert found[0] == "SCAN session"
    assert all(is_lookup(step) for step in found[1:])


@pytest.mark.parametrize("figure", ["bySubject", "subjects", "groupBy CLIENT_SYSTEM", "groupBy MEDIA_ID", "series"])
@pytest.mark.parametrize("name", ["started_before", "seen_before"])
async def test_covering_indexes_serve_filters_by_time(filled: Database, figure: str, name: str) -> None:
    found = ended_steps(await explain_statistic(filled, figure, {name: NOW - MINUTE}))
    assert found
    assert [step for step in found if "COVERING INDEX" not in step] == []


@pytest.mark.parametrize("figure", STATISTICS)
async def test_selective_filter_uses_index(filled: Database, figure: str) -> None:
    found = read_steps(await explain_statistic(filled, figure, {"media": {"media_ids": ["m"]}}))
    looked_up = "SEARCH session USING INDEX ix_session_media (media_id=?"
    assert [step for step in found if not step.startswith(looked_up) and not is_lookup(step)] == []


@pytest.mark.parametrize(
    "filter_",
    [*COVERED_FILTERS, {"end_reasons": ["STOPPED"]}, {"started_after": NOW - MINUTE}, {"seen_before": NOW - MINUTE}],
    ids=str,
)
async def test_total_count_uses_covering_indexes(filled: Database, filter_: dict[str, Any]) -> None:
    page = await list_sessions(make_context(filled), filter=filter_, order_by=[], page=PageArgs())
    found = ended_steps(await explain(filled, page.total_count()))
    assert found
    assert [step for step in found if "COVERING INDEX" not in step] == []


async def test_statistics_are_built_once_per_shape(filled: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    async def read(after: int, subject: str) -> None:
        stats = Stats(make_context(filled), {"started_after": after, "subjects": [subject]})
        for statistic in STATISTICS.values():
            await statistic(stats)

    await read(NOW, "a")
    monkeypatch.delattr("sqlalchemy.sql.compiler.Compiled.process")
    await read(NOW - MINUTE, "b")
