"""What becomes of each session: how long it lasts, where its time goes, and how it ends, if it has ended."""

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from bench.dataset import distributions
from models.clock import DAY, HOUR, MINUTE, SECOND, Instant
from models.enums import ActivityType, EndReason, Kind
from models.ids import ACTIVITY, SESSION
from models.kinds import KINDS
from models.tables import session as session_table
from models.tables.session import Session
from resolvers.lifecycle.unit_of_work import Draft, finish, schedule

DAYS: Final = 180
GOING_ON: Final = 0.03
"""The share of sessions that are going on at the end."""
HEARD_WITHIN: Final = 40 * MINUTE
"""When those were last heard."""

KIND_SHARES: Final = {Kind.USER: 40, Kind.CLIENT: 30, Kind.MEDIA: 20, Kind.FIELD: 7, Kind.AGENDA: 3}
ENDINGS: Final[dict[Kind, dict[EndReason, int]]] = {
    Kind.CLIENT: {EndReason.EXPIRED: 85, EndReason.STOPPED: 14, EndReason.TERMINATED: 1},
    Kind.AGENDA: {EndReason.COMPLETED: 90, EndReason.STOPPED: 6, EndReason.CANCELLED: 4},
    Kind.MEDIA: {EndReason.STOPPED: 60, EndReason.EXPIRED: 32, EndReason.STALLED: 8},
    Kind.FIELD: {EndReason.STOPPED: 99, EndReason.TERMINATED: 1},
    Kind.USER: {EndReason.STOPPED: 58, EndReason.EXPIRED: 40, EndReason.TERMINATED: 2},
}
VISITS: Final = {Kind.CLIENT: 3, Kind.AGENDA: 0, Kind.MEDIA: 1, Kind.FIELD: 1, Kind.USER: 6}
"""On how many paths a session spends time, at most."""


@dataclass(slots=True)
class Life:
    """One session from its start to the present, with the time that it spent on paths."""

    draft: Draft
    times: list[tuple[list[str], int]]


def lives(seed: int, count: int, until: Instant) -> Iterator[Life]:
    """So many sessions, the first start first; the same for the same seed and moment."""
    rng = Random(seed)
    maker = _Maker(rng, until)
    kinds = rng.choices(list(KIND_SHARES), weights=list(KIND_SHARES.values()), k=count)
    going_on = round(count * GOING_ON)
    for kind, started_at in zip(kinds, distributions.starts(rng, count - going_on, until - DAY, DAYS), strict=False):
        yield maker.ended(kind, started_at)
    for kind, started_at in zip(kinds[count - going_on :], _recent(rng, going_on, until), strict=True):
        yield maker.going_on(kind, started_at)


def _recent(rng: Random, count: int, until: Instant) -> list[Instant]:
    return sorted(until - rng.randrange(HEARD_WITHIN, 12 * HOUR) for _ in range(count))


class _Maker:
    """Makes rows as starts and calls would have made them."""

    def __init__(self, rng: Random, until: Instant) -> None:
        self._rng = rng
        self._until = until
        self._variants = {kind: distributions.variants(kind, rng) for kind in Kind}
        self._varied = distributions.Varied()
        self._subjects = {kind: distributions.subjects(kind) for kind in Kind}
        self._projects = distributions.Skewed(distributions.PROJECTS)
        self._paths = distributions.paths()

    def ended(self, kind: Kind, started_at: Instant) -> Life:
        """A session that is over, and whose end is written down."""
        life = self._life(kind, started_at)
        s = life.draft.session
        (reason,) = self._rng.choices(list(ENDINGS[kind]), weights=list(ENDINGS[kind].values()))
        at = s.last_seen_at + self._rng.randrange(SECOND)
        if reason == EndReason.CANCELLED:
            at = s.started_at - self._rng.randrange(DAY)
            s.created_at = s.last_seen_at = at - HOUR
            life.draft.activities.clear()
            life.draft.record(ActivityType.SCHEDULED, s.created_at)
        elif reason == EndReason.STALLED:
            s.stall_from = s.last_seen_at - 30 * MINUTE
        elif reason == EndReason.EXPIRED and s.timeout_seconds is not None:
            at = s.last_seen_at + s.timeout_seconds * SECOND
        schedule(s)
        finish(life.draft, at, reason)
        return self._named(life)

    def going_on(self, kind: Kind, started_at: Instant) -> Life:
        """A session that was heard of lately; or an item of the agenda, today's or tomorrow's."""
        life = self._life(kind, started_at)
        s = life.draft.session
        s.last_seen_at = self._until - self._rng.randrange(HEARD_WITHIN)
        s.visible = self._rng.random() < 0.7
        if KINDS[kind].takes_timeout:
            s.timeout_seconds = DAY // SECOND
        if kind == Kind.MEDIA:
            s.stall_from = self._until
        if kind == Kind.AGENDA:
            s.started_at += self._rng.choice([0, DAY])
            s.schedule_end = s.started_at + DAY
            s.begun = s.started_at <= self._until
        schedule(s)
        return self._named(life)

    def _life(self, kind: Kind, started_at: Instant) -> Life:
        rng = self._rng
        spent = [
            int(rng.expovariate(1 / (90 * SECOND))) + 1 for _ in range(rng.randint(min(1, VISITS[kind]), VISITS[kind]))
        ]
        places = {tuple(self._paths.one(rng)): milliseconds for milliseconds in spent}
        times = [(list(path), milliseconds) for path, milliseconds in places.items()]
        columns: dict[str, Any] = dict.fromkeys(column.name for column in session_table.columns)
        columns |= rng.choice(self._variants[kind])
        columns |= self._varied.columns(kind, rng)
        columns |= {
            "id": self._id(SESSION),
            "kind": kind.value,
            "project_id": self._projects.one(rng),
            "subject": self._subjects[kind].one(rng),
            "external_id": str(rng.getrandbits(64)) if kind in (Kind.FIELD, Kind.AGENDA) else None,
            "created_at": started_at,
            "updated_at": started_at,
            "revision": 1 + len(times),
            "meta": {},
            "started_at": started_at,
            "begun": True,
            "last_seen_at": started_at + sum(spent) + rng.choice([0, rng.randrange(10 * MINUTE)]),
            "timeout_seconds": KINDS[kind].default_timeout,
            "visible": True,
            "path": times[-1][0] if times else [],
            "visible_ms": sum(milliseconds for _, milliseconds in times),
            "path_count": len(times),
        }
        draft = Draft(Session(**columns))
        draft.record(ActivityType.STARTED, started_at)
        return Life(draft, times)

    def _named(self, life: Life) -> Life:
        for entry in life.draft.activities:
            entry.id = self._id(ACTIVITY)
        return life

    def _id(self, prefix: str) -> str:
        return prefix + urlsafe_b64encode(self._rng.randbytes(16)).decode()[:22]
