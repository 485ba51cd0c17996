"""Reference implementation of the statistics, in plain Python."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from models import session_rules
from models.clock import MINUTE, SECOND, Instant
from models.enums import State
from models.tables.rows import PathTime, Session
from resolvers.filters import Filter
from resolvers.stats.types import GroupStats, PathStats, StatsBucket, Summary


@dataclass(frozen=True)
class ReferenceStats:
    """Statistics of sessions and their path times at `now`."""

    sessions: list[Session]
    path_times: list[PathTime]
    now: Instant

    def matching(self, filter_: Mapping[str, Any]) -> "ReferenceStats":
        """Restrict to the sessions that match a filter."""
        chosen = Filter.parse(filter_)
        found = [s for s in self.sessions if chosen.matches(s, self.now)]
        ids = {s.id for s in found}
        return ReferenceStats(found, [time for time in self.path_times if time.session_id in ids], self.now)

    @property
    def active(self) -> list[Session]:
        return [s for s in self.sessions if session_rules.state(s, self.now) == State.ACTIVE]

    @property
    def visible(self) -> list[Session]:
        return [s for s in self.active if s.visible]

    def seen_within(self, minutes: int) -> int:
        return sum(self.now - s.last_seen_at <= minutes * MINUTE for s in self.active)

    def summary(self, value_of: Callable[[Session], int]) -> Summary:
        values = [value_of(s) for s in self.sessions]
        if not values:
            return Summary(0, 0.0, None, None, None)
        total = sum(values)
        mean = total / (1000 * len(values))
        return Summary(len(values), total / 1000, mean, min(values) / 1000, max(values) / 1000)

    def groups(self, key: Callable[[Session], str | None], first: int = 20) -> list[GroupStats]:
        keys = {found for s in self.sessions if (found := key(s)) is not None}
        groups = [self._group(name, [s for s in self.sessions if key(s) == name]) for name in keys]
        return sorted(groups, key=lambda group: (-group.total, group.value))[:first]

    def _group(self, name: str, sessions: list[Session]) -> GroupStats:
        active = sum(s in self.active for s in sessions)
        visible = sum(s in self.visible for s in sessions)
        return GroupStats(name, len(sessions), active, visible, sum(s.visible_ms for s in sessions) / 1000)

    def paths(self, depth: int, first: int = 20) -> list[PathStats]:
        past_visits = [(time.session_id, tuple(time.path[:depth]), time.visible_ms) for time in self.path_times]
        current_visits = [(s.id, tuple(s.path[:depth])) for s in self.active]
        stats = [
            PathStats(
                list(path),
                len(
                    {id_ for id_, at, _ in past_visits if at == path}
                    | {id_ for id_, at in current_visits if at == path}
                ),
                sum(at == path for _, at in current_visits),
                sum(ms for _, at, ms in past_visits if at == path) / 1000,
            )
            for path in {at for _, at, _ in past_visits} | {at for _, at in current_visits}
        ]
        return sorted(stats, key=lambda stat: (-stat.sessions, stat.path))[:first]

    def series(self, start: Instant, end: Instant, bucket_seconds: int) -> list[StatsBucket]:
        width = bucket_seconds * SECOND
        return [self._bucket(at, at + width) for at in range(start, end, width)]

    def _bucket(self, at: Instant, until: Instant) -> StatsBucket:
        intervals = [(s.started_at, session_rules.effective_end(s, self.now)) for s in self.sessions]
        return StatsBucket(
            at,
            active=sum(begin < until and (end is None or end > max(at, begin)) for begin, end in intervals),
            started=sum(at <= begin < until and (end is None or end >= begin) for begin, end in intervals),
            ended=sum(end is not None and at <= end < until for _, end in intervals),
        )
