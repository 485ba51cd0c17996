"""Generated sessions: how long each lasts, where its time goes, and how it ends."""

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
from models.tables.rows import Session
from resolvers.lifecycle.unit_of_work import SessionUnitOfWork

DAYS: Final = 180
ACTIVE_SHARE: Final = 0.03
"""Share of the sessions that are still active, by default. Some of AGENDA are still to begin."""
LAST_SEEN_WITHIN: Final = 40 * MINUTE
"""Age of their last keepalive, at most."""

KIND_WEIGHTS: Final = {Kind.USER: 40, Kind.CLIENT: 30, Kind.MEDIA: 20, Kind.FIELD: 7, Kind.AGENDA: 3}
END_REASON_WEIGHTS: Final[dict[Kind, dict[EndReason, int]]] = {
    Kind.CLIENT: {EndReason.EXPIRED: 85, EndReason.STOPPED: 14, EndReason.TERMINATED: 1},
    Kind.AGENDA: {EndReason.COMPLETED: 90, EndReason.STOPPED: 6, EndReason.CANCELLED: 4},
    Kind.MEDIA: {EndReason.STOPPED: 60, EndReason.EXPIRED: 32, EndReason.STALLED: 8},
    Kind.FIELD: {EndReason.STOPPED: 60, EndReason.COMPLETED: 39, EndReason.TERMINATED: 1},
    Kind.USER: {EndReason.STOPPED: 58, EndReason.EXPIRED: 40, EndReason.TERMINATED: 2},
}
MAX_PATHS: Final = {Kind.CLIENT: 3, Kind.AGENDA: 0, Kind.MEDIA: 1, Kind.FIELD: 1, Kind.USER: 6}
"""Most paths on which a session spends time."""


@dataclass(slots=True)
class GeneratedSession:
    uow: SessionUnitOfWork
    path_times: list[tuple[list[str], int]]


def generate_sessions(
    seed: int, count: int, until: Instant, active_share: float = ACTIVE_SHARE
) -> Iterator[GeneratedSession]:
    """Yield `count` sessions in the order of their starts, the same for the same seed and instant."""
    rng = Random(seed)
    generator = _Generator(rng, until)
    kinds = rng.choices(list(KIND_WEIGHTS), weights=list(KIND_WEIGHTS.values()), k=count)
    active = round(count * active_share)
    starts = distributions.start_times(rng, count - active, until - DAY, DAYS)
    for kind, started_at in zip(kinds, starts, strict=False):
        yield generator.ended(kind, started_at)
    for kind, started_at in zip(kinds[count - active :], _recent_starts(rng, active, until), strict=True):
        yield generator.active(kind, started_at)


def _recent_starts(rng: Random, count: int, until: Instant) -> list[Instant]:
    return sorted(until - rng.randrange(LAST_SEEN_WITHIN, 12 * HOUR) for _ in range(count))


class _Generator:
    """Builds rows as the API would have written them."""

    def __init__(self, rng: Random, until: Instant) -> None:
        self._rng = rng
        self._until = until
        self._variants = {kind: distributions.variant_columns(kind, rng) for kind in Kind}
        self._subjects = {kind: distributions.subject_sampler(kind) for kind in Kind}
        self._projects = distributions.ZipfSampler(distributions.PROJECTS)
        self._paths = distributions.path_sampler()

    def ended(self, kind: Kind, started_at: Instant) -> GeneratedSession:
        generated = self._new_session(kind, started_at)
        s = generated.uow.session
        (reason,) = self._rng.choices(list(END_REASON_WEIGHTS[kind]), weights=list(END_REASON_WEIGHTS[kind].values()))
        at = s.last_seen_at + self._rng.randrange(SECOND)
        if reason == EndReason.CANCELLED:
            at = s.started_at - self._rng.randrange(DAY)
            s.created_at = s.last_seen_at = at - HOUR
            s.begun = False
            generated.uow.activities.clear()
            generated.uow.add_activity(ActivityType.SCHEDULED, s.created_at)
        elif reason == EndReason.STALLED:
            s.stall_from = s.last_seen_at - 30 * MINUTE
        elif reason == KINDS[kind].timeout_reason and s.timeout_seconds is not None:
            at = s.last_seen_at + s.timeout_seconds * SECOND
        generated.uow.update_deadline()
        generated.uow.end(at, reason)
        return self._with_activity_ids(generated)

    def active(self, kind: Kind, started_at: Instant) -> GeneratedSession:
        generated = self._new_session(kind, started_at)
        s = generated.uow.session
        s.last_seen_at = self._until - self._rng.randrange(LAST_SEEN_WITHIN)
        s.visible = self._rng.random() < 0.7
        if KINDS[kind].takes_timeout:
            s.timeout_seconds = DAY // SECOND
        if kind == Kind.MEDIA:
            s.stall_from = self._until
        if kind == Kind.AGENDA:
            s.started_at += self._rng.choice([0, DAY])
            s.schedule_end = s.started_at + DAY
            s.begun = s.started_at <= self._until
        generated.uow.update_deadline()
        return self._with_activity_ids(generated)

    def _new_session(self, kind: Kind, started_at: Instant) -> GeneratedSession:
        rng = self._rng
        spent = [
            int(rng.expovariate(1 / (90 * SECOND))) + 1
            for _ in range(rng.randint(min(1, MAX_PATHS[kind]), MAX_PATHS[kind]))
        ]
        path_totals = {tuple(self._paths.sample(rng)): milliseconds for milliseconds in spent}
        times = [(list(path), milliseconds) for path, milliseconds in path_totals.items()]
        columns: dict[str, Any] = dict.fromkeys(column.name for column in session_table.columns)
        columns |= rng.choice(self._variants[kind])
        columns |= distributions.high_cardinality_columns(kind, rng)
        columns |= {
            "id": self._id(SESSION),
            "kind": kind.value,
            "project_id": self._projects.sample(rng),
            "subject": self._subjects[kind].sample(rng),
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
        uow = SessionUnitOfWork(Session(**columns))
        uow.add_activity(ActivityType.STARTED, started_at)
        return GeneratedSession(uow, times)

    def _with_activity_ids(self, generated: GeneratedSession) -> GeneratedSession:
        for entry in generated.uow.activities:
            entry.id = self._id(ACTIVITY)
        return generated

    def _id(self, prefix: str) -> str:
        return prefix + urlsafe_b64encode(self._rng.randbytes(16)).decode()[:22]
