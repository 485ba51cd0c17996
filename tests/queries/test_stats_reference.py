"""Statistics of random sessions, against plain Python."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import session_rules
from models.clock import MINUTE, SECOND
from models.database import Database
from resolvers.stats.service import Stats
from schema.enums import StatsOrder
from tests.factories import NOW, delete_all, insert, path_row, project_row, session_row
from tests.queries.operation_context import make_context
from tests.queries.reference_stats import GROUP_VALUES, ReferenceStats
from tests.queries.strategies import FILTERS, PATHS, SIMPLE_FILTERS, sessions

MANY = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
NAMES: st.SearchStrategy[dict[str, Any]] = st.just({}) | SIMPLE_FILTERS | FILTERS
SIZES = st.integers(1, 4) | st.just(20)


@st.composite
def samples(draw: st.DrawFn) -> ReferenceStats:
    """Draw sessions of all kinds and states, with path times; ends may not be recorded yet."""
    rows = draw(st.lists(sessions(), max_size=12))
    times = []
    for s in rows:
        paths = draw(st.lists(PATHS, max_size=4, unique_by=tuple))
        times += [path_row(s, path, draw(st.integers(1, 3)) * SECOND) for path in paths]
    return ReferenceStats(rows, times, NOW + draw(st.integers(-8, 8)) * 75 * SECOND)


@st.composite
def bucket_ranges(draw: st.DrawFn, plain: ReferenceStats) -> tuple[int, int, int]:
    """Draw start, end and bucket seconds, with edges at, or 1 ms beside, starts and ends of sessions."""
    happens = [NOW, *(s.started_at for s in plain.sessions)]
    happens += [end for s in plain.sessions if (end := session_rules.effective_end(s, plain.now)) is not None]
    width = draw(st.sampled_from([1, 7, 75, 150, 3600]))
    edge = draw(st.sampled_from(happens)) + draw(st.sampled_from([-1, 0, 1]))
    start = edge - draw(st.integers(0, 12)) * width * SECOND
    end = start + draw(st.integers(1, 24)) * width * SECOND + draw(st.sampled_from([-1, 0, 1]))
    return start, end, width


async def stats_of(database: Database, plain: ReferenceStats, filter_: dict[str, Any]) -> tuple[Stats, ReferenceStats]:
    """Store a sample and return its statistics, actual and expected."""
    await delete_all(database)
    await insert(database, project_row("p1"), project_row("p2"), *plain.sessions, *plain.path_times)
    return Stats(make_context(database, now=plain.now), filter_), plain.matching(filter_)


@MANY
@given(samples(), NAMES, st.integers(1, 60))
async def test_counts_and_durations_equal_reference(
    database: Database, plain: ReferenceStats, filter_: dict[str, Any], minutes: int
) -> None:
    stats, found = await stats_of(database, plain, filter_)
    assert await stats.total() == len(found.sessions)
    assert await stats.active() == len(found.active)
    assert await stats.visible() == len(found.visible)
    assert await stats.subjects() == found.subjects
    assert await stats.active_subjects() == found.active_subjects
    assert await stats.seen_within(minutes) == found.seen_within(minutes)
    assert await stats.elapsed_seconds() == found.summary(lambda s: session_rules.elapsed(s, plain.now))
    assert await stats.visible_seconds() == found.summary(lambda s: s.visible_ms)


@MANY
@given(samples(), NAMES, SIZES)
async def test_groups_equal_reference(
    database: Database, plain: ReferenceStats, filter_: dict[str, Any], first: int
) -> None:
    stats, found = await stats_of(database, plain, filter_)
    assert await stats.by_kind() == found.groups(lambda s: s.kind)
    assert await stats.by_project(first) == found.groups(lambda s: s.project_id, first)
    assert await stats.by_subject(first) == found.groups(lambda s: s.subject, first)
    assert await stats.by_end_reason() == found.groups(lambda s: session_rules.end_reason(s, plain.now))


@MANY
@given(samples(), NAMES, st.tuples(st.sampled_from(sorted(GROUP_VALUES)), SIZES, st.sampled_from(StatsOrder)))
async def test_groups_of_fields_equal_reference(
    database: Database, plain: ReferenceStats, filter_: dict[str, Any], arguments: tuple[str, int, str]
) -> None:
    stats, found = await stats_of(database, plain, filter_)
    assert await stats.group_by(*arguments) == found.group_by(*arguments)


@MANY
@given(samples(), NAMES, st.integers(1, 4), SIZES)
async def test_paths_equal_reference(
    database: Database, plain: ReferenceStats, filter_: dict[str, Any], depth: int, first: int
) -> None:
    stats, found = await stats_of(database, plain, filter_)
    assert await stats.by_path(500, depth) == found.paths(depth, 500)
    assert await stats.by_path(first, depth) == found.paths(depth, first)


@MANY
@given(samples().flatmap(lambda plain: st.tuples(st.just(plain), bucket_ranges(plain))), NAMES)
async def test_series_equals_reference(
    database: Database, place: tuple[ReferenceStats, tuple[int, int, int]], filter_: dict[str, Any]
) -> None:
    plain, window = place
    stats, found = await stats_of(database, plain, filter_)
    assert await stats.series(*window) == found.series(*window)


@MANY
@given(samples(), NAMES, st.integers(1, 30), st.sampled_from([1, 7, 75, 3600]))
async def test_recent_series_equals_reference(
    database: Database, plain: ReferenceStats, filter_: dict[str, Any], count: int, width: int
) -> None:
    stats, found = await stats_of(database, plain, filter_)
    end = plain.now - plain.now % (width * SECOND) + width * SECOND
    assert await stats.recent_series(count, width) == found.series(end - count * width * SECOND, end, width)


@pytest.mark.parametrize("minutes", [1, 5, 30])
async def test_seen_within_is_exact_to_millisecond(database: Database, minutes: int) -> None:
    seen = [session_row(last_seen_at=NOW - minutes * MINUTE + late, timeout_seconds=86_400) for late in (-1, 0, 1)]
    stats, found = await stats_of(database, ReferenceStats(seen, [], NOW), {})
    assert await stats.seen_within(minutes) == found.seen_within(minutes) == 2
