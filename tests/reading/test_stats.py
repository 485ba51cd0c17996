"""Statistics are what a plain count over all sessions gives."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import rule
from models.clock import HOUR, MINUTE, SECOND
from models.database import Database
from models.tables.path_time import PathTime
from models.tables.session import Session
from models.words import Kind
from resolvers.errors import BadUserInput, Forbidden
from resolvers.filters import Filter
from resolvers.stats import PathStat, StatBucket, StatGroup, Stats, Summary
from tests.reading.asking import BROWSER, READER, context, statements
from tests.reading.generated import PATHS, SIMPLE_FILTERS, sessions
from tests.rows import NOW, clear, ended_row, is_active, path_row, project_row, session_row, store

MADE = st.lists(sessions(), max_size=14)
MANY = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


async def fill(database: Database, made: list[Session], *others: Any) -> None:
    await clear(database)
    await store(database, project_row("p1"), project_row("p2"), *made, *others)


def grouped(made: list[Session], key: Callable[[Session], str | None], first: int = 20) -> list[StatGroup]:
    """Groups by a key, counted one by one."""
    keys = {found for s in made if (found := key(s)) is not None}
    groups = [_group(name, [s for s in made if key(s) == name]) for name in keys]
    return sorted(groups, key=lambda group: (-group.total, group.key))[:first]


def _group(name: str, made: list[Session]) -> StatGroup:
    active = sum(is_active(s) for s in made)
    visible = sum(rule.is_visible(s, NOW) for s in made)
    return StatGroup(name, len(made), active, visible, sum(s.visible_ms for s in made) / 1000)


def summed(values: list[int]) -> Summary:
    if not values:
        return Summary(0, 0.0, None, None, None)
    total = sum(values)
    return Summary(len(values), total / 1000, total / (1000 * len(values)), min(values) / 1000, max(values) / 1000)


@MANY
@given(MADE, SIMPLE_FILTERS, st.integers(1, 60))
async def test_counts_and_groups_are_exact(
    database: Database, made: list[Session], names: dict[str, Any], minutes: int
) -> None:
    await fill(database, made)
    chosen = Filter.parse(names)
    found = [s for s in made if chosen.matches(s, NOW)]
    stats = Stats(context(database), names)
    assert await stats.total() == len(found)
    assert await stats.active() == sum(is_active(s) for s in found)
    assert await stats.visible() == sum(rule.is_visible(s, NOW) for s in found)
    heard = [s for s in found if is_active(s) and NOW - s.last_seen_at <= minutes * MINUTE]
    assert await stats.seen_within(minutes) == len(heard)
    assert await stats.elapsed_seconds() == summed([rule.elapsed(s, NOW) for s in found])
    assert await stats.visible_seconds() == summed([s.visible_ms for s in found])
    assert await stats.by_kind() == grouped(found, lambda s: s.kind)
    assert await stats.by_project(2) == grouped(found, lambda s: s.project_id, 2)
    assert await stats.by_subject() == grouped(found, lambda s: s.subject)
    assert await stats.by_end_reason() == grouped(found, lambda s: rule.end_reason(s, NOW))


@MANY
@given(MADE, st.integers(-50, 20), st.integers(1, 60), st.integers(1, 7))
async def test_a_series_is_exact_at_every_edge(
    database: Database, made: list[Session], start: int, length: int, bucket: int
) -> None:
    await fill(database, made)
    # In half steps of the generated times, so that edges fall on starts and ends, and beside them.
    begin, end, width = NOW + start * 75 * SECOND, NOW + (start + length) * 75 * SECOND, bucket * 75
    found = await Stats(context(database), None).series(begin, end, width)
    assert found == [_bucket(made, at, at + width * SECOND) for at in range(begin, end, width * SECOND)]


def _bucket(made: list[Session], at: int, until: int) -> StatBucket:
    lives = [(s.started_at, rule.effective_end(s, NOW)) for s in made]
    return StatBucket(
        at,
        active=sum(begin < until and (end is None or end > max(at, begin)) for begin, end in lives),
        started=sum(at <= begin < until and (end is None or end >= begin) for begin, end in lives),
        ended=sum(end is not None and at <= end < until for _, end in lives),
    )


@st.composite
def visits(draw: st.DrawFn) -> tuple[list[Session], list[PathTime]]:
    """Sessions with times on paths."""
    made = draw(st.lists(sessions(), max_size=8))
    times = []
    for s in made:
        paths = draw(st.lists(PATHS, max_size=4, unique_by=tuple))
        times += [path_row(s, path, draw(st.integers(1, 3)) * SECOND) for path in paths]
    return made, times


@MANY
@given(visits(), st.integers(1, 4), st.integers(1, 4))
async def test_paths_are_rolled_up_exactly(
    database: Database, visited: tuple[list[Session], list[PathTime]], depth: int, first: int
) -> None:
    made, times = visited
    await fill(database, made, *times)
    were = [(time.session_id, tuple(time.path[:depth]), time.visible_ms) for time in times]
    are = [(s.id, tuple(s.path[:depth])) for s in made if is_active(s)]
    rolled = [
        PathStat(
            list(path),
            len({id_ for id_, at, _ in were if at == path} | {id_ for id_, at in are if at == path}),
            sum(at == path for _, at in are),
            sum(ms for _, at, ms in were if at == path) / 1000,
        )
        for path in {at for _, at, _ in were} | {at for _, at in are}
    ]
    expected = sorted(rolled, key=lambda stat: (-stat.sessions, stat.path))
    stats = Stats(context(database), None)
    assert await stats.by_path(500, depth) == expected
    assert await stats.by_path(first, depth) == expected[:first]


async def test_what_was_cancelled_never_started_nor_went_on(database: Database) -> None:
    cancelled = session_row(Kind.AGENDA, started_at=NOW + HOUR, ended_at=NOW - MINUTE, end_reason="CANCELLED")
    await store(database, cancelled)
    buckets = await Stats(context(database), None).series(NOW - HOUR, NOW + 2 * HOUR, 1800)
    assert [(bucket.active, bucket.started, bucket.ended) for bucket in buckets] == [
        *[(0, 0, 0)] * 1,
        (0, 0, 1),
        *[(0, 0, 0)] * 4,
    ]


async def test_the_end_of_a_session_is_not_part_of_it(database: Database) -> None:
    await store(database, ended_row(started_at=NOW - HOUR, at=NOW - HOUR + 10 * SECOND))
    buckets = await Stats(context(database), None).series(NOW - HOUR, NOW - HOUR + 25 * SECOND, 10)
    assert [(bucket.at - NOW + HOUR, bucket.active, bucket.started, bucket.ended) for bucket in buckets] == [
        (0, 1, 1, 0),
        (10 * SECOND, 0, 0, 1),
        (20 * SECOND, 0, 0, 0),
    ]


async def test_what_ended_at_once_started_and_ended_and_never_went_on(database: Database) -> None:
    await store(database, ended_row(started_at=NOW - HOUR, at=NOW - HOUR))
    for before in (0, 5):
        (bucket,) = await Stats(context(database), None).series(NOW - HOUR - before, NOW - HOUR + 1, 10)
        assert (bucket.active, bucket.started, bucket.ended) == (0, 1, 1)


async def test_the_first_moment_of_the_last_minutes_counts(database: Database) -> None:
    await store(
        database,
        *(session_row(Kind.FIELD, started_at=NOW - HOUR, last_seen_at=NOW - 5 * MINUTE - late) for late in (0, 1)),
    )
    assert await Stats(context(database), None).seen_within(5) == 1


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda stats: stats.seen_within(0), "minutes must be"),
        (lambda stats: stats.seen_within(2**31 - 1), "minutes must be"),
        (lambda stats: stats.by_subject(0), "first must be"),
        (lambda stats: stats.by_project(501), "first must be"),
        (lambda stats: stats.by_path(20, 0), "depth must be from 1 to 8"),
        (lambda stats: stats.by_path(20, 9), "depth must be"),
        (lambda stats: stats.series(NOW, NOW, 1), "to must be later than from"),
        (lambda stats: stats.series(NOW, NOW - 1, 1), "to must be later than from"),
        (lambda stats: stats.series(NOW, NOW + SECOND, 0), "bucketSeconds must be at least 1"),
        (lambda stats: stats.series(NOW, NOW + 2000 * SECOND + 1, 1), "make 2001 buckets; at most 2000"),
    ],
)
async def test_what_cannot_be_counted_is_refused(database: Database, ask: Callable[[Stats], Any], message: str) -> None:
    with pytest.raises(BadUserInput, match=message):
        await ask(Stats(context(database), None))


async def test_two_thousand_buckets_are_allowed(database: Database) -> None:
    assert len(await Stats(context(database), None).series(NOW, NOW + 2000 * SECOND, 1)) == 2000


async def test_each_figure_is_one_statement_made_when_asked(database: Database) -> None:
    with statements(database) as sent:
        stats = Stats(context(database), {"kinds": ["USER"]})
        assert sent == []
        asked = [stats.total, stats.active, stats.elapsed_seconds, stats.by_kind, stats.by_path, stats.by_end_reason]
        for number, ask in enumerate(asked, 1):
            await ask()
            assert len(sent) == number
        await stats.series(NOW - HOUR, NOW, 60)
    assert len(sent) == len(asked) + 1


async def test_statistics_need_read_and_stay_within_projects(database: Database) -> None:
    await store(database, session_row(project_id="p1"), session_row(project_id="p2"))
    with pytest.raises(Forbidden):
        Stats(context(database, BROWSER), None)
    stats = Stats(context(database, READER), {"project_ids": ["p1", "p2"]})
    assert await stats.total() == 1
    assert [group.key for group in await stats.by_project()] == ["p1"]
    assert [stat.sessions for stat in await stats.by_path()] == [1]
    assert [bucket.active for bucket in await stats.series(NOW, NOW + SECOND, 1)] == [1]
