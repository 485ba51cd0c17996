"""Limits of statistics, and their access."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from models.clock import HOUR, MINUTE, SECOND
from models.database import Database
from models.enums import Kind
from models.tables.rows import Session
from resolvers.errors import BadUserInput, Forbidden
from resolvers.stats.series import Buckets, Mark, count_buckets
from resolvers.stats.service import Stats
from tests.factories import NOW, ended_row, insert, session_row
from tests.queries.operation_context import READER, WRITER, make_context

HOUR_AGO: Final = NOW - HOUR


@pytest.mark.parametrize(
    ("row", "series", "expected"),
    [
        (
            session_row(Kind.AGENDA, started_at=NOW + HOUR, ended_at=NOW - MINUTE, end_reason="CANCELLED"),
            (HOUR_AGO, NOW + HOUR, 1800),
            [(0, 0, 0), (0, 0, 1), (0, 0, 0), (0, 0, 0)],
        ),
        (
            ended_row(started_at=HOUR_AGO, at=HOUR_AGO + 10 * SECOND),
            (HOUR_AGO, HOUR_AGO + 25 * SECOND, 10),
            [(1, 1, 0), (0, 0, 1), (0, 0, 0)],
        ),
        (ended_row(started_at=HOUR_AGO, at=HOUR_AGO), (HOUR_AGO, HOUR_AGO + 1, 10), [(0, 1, 1)]),
        (ended_row(started_at=HOUR_AGO, at=HOUR_AGO), (HOUR_AGO - 5, HOUR_AGO + 1, 10), [(0, 1, 1)]),
    ],
    ids=["cancelled", "end is exclusive", "no duration", "no duration inside bucket"],
)
async def test_series_counts_active_started_and_ended(
    database: Database, row: Session, series: tuple[int, int, int], expected: list[tuple[int, int, int]]
) -> None:
    await insert(database, row)
    buckets = await Stats(make_context(database), None).series(*series)
    assert [(bucket.active, bucket.started, bucket.ended) for bucket in buckets] == expected


@pytest.mark.parametrize("filter_", [{}, {"path_prefix": []}, {"project_ids": ["default"]}], ids=str)
async def test_end_and_start_in_same_millisecond_do_not_overlap(database: Database, filter_: dict[str, Any]) -> None:
    at = NOW - 10 * MINUTE
    await insert(
        database,
        ended_row(started_at=HOUR_AGO, at=at),
        session_row(started_at=HOUR_AGO, last_seen_at=at - 10 * SECOND, timeout_seconds=10),  # expired, not recorded
        ended_row(started_at=at, at=NOW),
        session_row(started_at=at),
    )
    stats = Stats(make_context(database), filter_)
    (around,) = await stats.series(at - MINUTE, at + MINUTE, 120)
    assert (around.active, around.peak, around.started, around.ended) == (4, 2, 2, 2)
    before, after = await stats.series(at - MINUTE, at + MINUTE, 60)
    assert (before.active, before.peak, before.started, before.ended) == (2, 2, 0, 0)
    assert (after.active, after.peak, after.started, after.ended) == (2, 2, 2, 2)


def test_peak_of_many_events_is_exact() -> None:
    events = f"{Mark.BUCKET}{Mark.STARTS}" + Mark.START * 20_000 + Mark.END * 15_000 + Mark.START * 14_000
    (bucket,) = count_buckets(events, 3, Buckets(NOW, MINUTE, 1))
    assert (bucket.active, bucket.peak, bucket.started, bucket.ended) == (34_003, 20_003, 34_000, 15_000)


@pytest.mark.parametrize(
    ("compute", "message"),
    [
        (lambda stats: stats.seen_within(0), "minutes: must be"),
        (lambda stats: stats.seen_within(2**31 - 1), "minutes: must be"),
        (lambda stats: stats.by_subject(0), "first: must be"),
        (lambda stats: stats.group_by("GUIDE", 501), "first: must be 1 to 500, not 501"),
        (lambda stats: stats.recent_series(0, 60), "buckets: must be 1 to 2000, not 0"),
        (lambda stats: stats.recent_series(2001, 60), "buckets: must be 1 to 2000, not 2001"),
        (lambda stats: stats.recent_series(60, 0), "bucketSeconds: must be 1 to"),
        (lambda stats: stats.recent_series(60, 31_622_401), "bucketSeconds: must be 1 to"),
        (lambda stats: stats.series(NOW, NOW + SECOND, 31_622_401), "bucketSeconds: must be 1 to"),
        (lambda stats: stats.by_project(501), "first: must be"),
        (lambda stats: stats.by_path(20, 0), "depth: must be 1 to 8, not 0"),
        (lambda stats: stats.by_path(20, 9), "depth: must be"),
        (lambda stats: stats.series(NOW, NOW, 1), "to: must be later than from"),
        (lambda stats: stats.series(NOW, NOW - 1, 1), "to: must be later than from"),
        (lambda stats: stats.series(NOW, NOW + SECOND, 0), "bucketSeconds: must be 1 to 31622400, not 0"),
        (lambda stats: stats.series(NOW, NOW + 2000 * SECOND + 1, 1), "at most 2000 buckets, not 2001"),
    ],
)
async def test_invalid_argument_is_rejected(database: Database, compute: Callable[[Stats], Any], message: str) -> None:
    with pytest.raises(BadUserInput, match=message):
        await compute(Stats(make_context(database), None))


async def test_2000_buckets_are_allowed(database: Database) -> None:
    assert len(await Stats(make_context(database), None).series(NOW, NOW + 2000 * SECOND, 1)) == 2000


async def test_statistics_require_read_scope_and_project(database: Database) -> None:
    await insert(database, session_row(project_id="p1"), session_row(project_id="p2"))
    with pytest.raises(Forbidden):
        Stats(make_context(database, WRITER), None)
    stats = Stats(make_context(database, READER), {"project_ids": ["p1", "p2"]})
    assert await stats.total() == 1
    assert [group.value for group in await stats.by_project()] == ["p1"]
    assert [stat.sessions for stat in await stats.by_path()] == [1]
    assert [bucket.active for bucket in await stats.series(NOW, NOW + SECOND, 1)] == [1]
