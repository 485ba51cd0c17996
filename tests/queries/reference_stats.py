"""Reference implementation of the statistics, in plain Python."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from models import session_rules
from models.clock import MINUTE, SECOND, Instant
from models.enums import Kind, State
from models.tables.rows import PathTime, Session
from resolvers.filters import Filter
from resolvers.stats.types import GroupStats, PathStats, StatsBucket, Summary


def _property(kind: Kind, name: str) -> Callable[[Session], Collection[Any]]:
    return lambda s: {getattr(s, name)} if s.kind == kind else ()


GROUP_VALUES: Final[dict[str, Callable[[Session], Collection[Any]]]] = {
    "CLIENT_SYSTEM": _property(Kind.CLIENT, "client_system"),
    "LANGUAGE": _property(Kind.CLIENT, "language"),
    "GUIDE": _property(Kind.AGENDA, "guide"),
    "SCHEDULE_TRACK": lambda s: s.details.get("schedule_tracks", ()),
    "MEDIA_ID": _property(Kind.MEDIA, "media_id"),
    "CHANNEL": _property(Kind.MEDIA, "channel"),
    "CONTENT_TYPE": _property(Kind.MEDIA, "content_type"),
    "PLAYER_STATE": _property(Kind.MEDIA, "player_state"),
    "UNIT_ID": _property(Kind.FIELD, "subject"),
    "USERNAME": _property(Kind.USER, "subject"),
}


def _distinct_subjects(sessions: list[Session]) -> int:
    return len({(s.project_id, s.kind, s.subject) for s in sessions if s.subject is not None})


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

    @property
    def subjects(self) -> int:
        return _distinct_subjects(self.sessions)

    @property
    def active_subjects(self) -> int:
        return _distinct_subjects(self.active)

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
        return self._groups(lambda s: {key(s)}, first, "TOTAL")

    def group_by(self, field: str, first: int, order_by: str) -> list[GroupStats]:
        return self._groups(GROUP_VALUES[field], first, order_by)

    def _groups(self, values_of: Callable[[Session], Collection[Any]], first: int, order_by: str) -> list[GroupStats]:
        values = {value for s in self.sessions for value in values_of(s)} - {None}
        groups = [self._group(str(value), [s for s in self.sessions if value in values_of(s)]) for value in values]
        return sorted(groups, key=lambda group: (-getattr(group, order_by.lower()), group.value))[:first]

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
        moments = {at, *(begin for begin, _ in intervals if at <= begin < until)}
        return StatsBucket(
            at,
            active=sum(begin < until and (end is None or end > max(at, begin)) for begin, end in intervals),
            peak=max(sum(begin <= t and (end is None or end > t) for begin, end in intervals) for t in moments),
            started=sum(at <= begin < until and (end is None or end >= begin) for begin, end in intervals),
            ended=sum(end is not None and at <= end < until for _, end in intervals),
        )
