"""Reference model of one session. Time passes in ticks that increment counters; no deadline is computed.

A session ends by time when a counter reaches its limit.
"""

from copy import copy
from dataclasses import dataclass, field
from typing import Any

from tests.media.reference_metrics import PLAYER_STATES, SentEvent

Path = tuple[str, ...]

TICKS_MS = (3_600_000, 60_000, 1_000, 100, 10, 1)
"""The longest tick that exceeds no limit is used; long ones only save time."""

DAY = 86_400_000
STALL_TIMEOUT_MS = 1_800_000
MAX_CREDIT_MS = 300_000
REORDER_TOLERANCE_MS = 5_000
"""A larger step back means that the clock was set back."""


@dataclass(frozen=True)
class Schedule:
    """Schedule of an agenda item; `end` None: open-ended; all-day items end with the UTC day."""

    title: str
    start: int
    end: int | None
    all_day: bool

    @property
    def duration(self) -> int | None:
        if self.all_day:
            return DAY - self.start % DAY
        return None if self.end is None else self.end - self.start


@dataclass
class ReferenceSession:
    """One session; all times are milliseconds."""

    kind: str
    project: str
    clock: int
    visible: bool
    path: Path
    timeout: int | None
    max_age: int | None = None
    """Age at which it ends, whatever its client does."""
    schedule: Schedule | None = None
    id: str = ""
    natural_key: tuple[str | None, ...] | None = None
    """(username, clientId, uuid); a start with an equal key finds this session."""
    age: int = 0
    idle: int = 0
    """Time without a heartbeat while the server was up."""
    since_heartbeat: int = 0
    """Time without a heartbeat, downtime included."""
    stalled: int = 0
    """Time without a change of the playhead while the server was up."""
    age_at_heartbeat: int = 0
    last_seen: int = 0
    started: int = 0
    ended: int | None = None
    reason: str | None = None
    final_elapsed: int = 0
    start_announced: bool = True
    end_announced: bool = False
    """Whether the end is on the timeline."""
    path_times: dict[Path, int] = field(default_factory=dict)
    sequence: int | None = None
    revision: int = 1
    timeline: list[tuple[str, int]] = field(default_factory=list)
    points: dict[str, str] = field(default_factory=dict)
    """Of a form, in its order."""
    received: int = 0
    """When data of a form was last received."""
    events: list[SentEvent] = field(default_factory=list)
    """Accepted player events by the clock of the player; the first is the start."""
    event_results: dict[tuple[Any, ...], list[str]] = field(default_factory=dict)
    """By event identity: a repeated event has the result of the first."""

    @property
    def state(self) -> str:
        if self.ended is not None:
            return "ENDED"
        return "SCHEDULED" if self.kind == "AGENDA" and not self.start_announced and self.age < 0 else "ACTIVE"

    @property
    def elapsed(self) -> int:
        return {"SCHEDULED": 0, "ACTIVE": max(0, self.age), "ENDED": self.final_elapsed}[self.state]

    @property
    def visible_time(self) -> int:
        return sum(self.path_times.values())

    @property
    def player_state(self) -> str:
        return next(
            (PLAYER_STATES[event.type] for event in reversed(self.events) if event.type in PLAYER_STATES), "STARTING"
        )

    def limits(self, *, server_up: bool = True) -> list[tuple[int, int, str]]:
        """Get each running counter, its limit and the end reason; the first reached wins."""
        found = []
        if self.timeout is not None and server_up:
            found.append((self.idle, self.timeout, "COMPLETED" if self.kind == "FIELD" else "EXPIRED"))
        if self.kind == "MEDIA" and server_up:
            found.append((self.stalled, STALL_TIMEOUT_MS, "STALLED"))
        if self.max_age is not None:
            found.append((self.age, self.max_age, "COMPLETED" if self.kind == "AGENDA" else "EXPIRED"))
        return found

    def advance(self, milliseconds: int, *, server_up: bool = True) -> None:
        """Advance the clock, or set it back; downtime counts neither as idle nor as stalled."""
        remaining = milliseconds
        while remaining > 0 and self.ended is None:
            until_next_limit = min(
                (limit - counter for counter, limit, _ in self.limits(server_up=server_up)), default=remaining
            )
            tick = next(tick for tick in TICKS_MS if tick <= min(remaining, until_next_limit))
            self._tick(tick, server_up=server_up)
            remaining -= tick
            reached = [reason for counter, limit, reason in self.limits(server_up=server_up) if counter == limit]
            if reached:
                self.end(reached[0])
        if self.ended is None:
            self._tick(remaining, server_up=server_up)
        else:
            self.clock += remaining

    def _tick(self, tick: int, *, server_up: bool) -> None:
        self.clock += tick
        self.age += tick
        self.since_heartbeat += tick
        if server_up:
            self.idle += tick
            self.stalled += tick

    def extend_deadline(self) -> None:
        if self.ended is None:
            self.idle = self.stalled = 0

    def end(self, reason: str, ago: int = 0) -> None:
        """End now, or `ago` before now, where a new schedule ends in the past."""
        self.ended, self.reason, self.visible = self.clock - ago, reason, False
        age = self.age_at_heartbeat if reason in ("EXPIRED", "STALLED") else self.age - ago
        self.final_elapsed = 0 if reason == "CANCELLED" else max(0, age)

    def heartbeat(self, left_path: Path | None) -> None:
        """Credit the time since the last heartbeat to `left_path`, or else to the current path."""
        credit = min(max(0, self.since_heartbeat), self.timeout or MAX_CREDIT_MS)
        if self.visible and credit and self.kind != "AGENDA":
            path = self.path if left_path is None else left_path
            self.path_times[path] = self.path_times.get(path, 0) + credit
        if not -REORDER_TOLERANCE_MS <= self.since_heartbeat < 0:
            self.idle = self.since_heartbeat = 0
            self.age_at_heartbeat, self.last_seen = self.age, self.clock

    def apply_due(self) -> None:
        start_due = not self.start_announced and self.age >= 0 and not self.end_announced
        end_due = self.ended is not None and not self.end_announced
        if start_due:
            self.start_announced = True
            self.timeline.append(("STARTED", self.started))
        if end_due:
            self.announce_end()
        self.revision += start_due or end_due

    def reschedule(self, schedule: Schedule) -> None:
        was_postponed = self.start_announced and schedule.start != self.started
        self.schedule, self.started, self.max_age = schedule, schedule.start, schedule.duration
        self.age = self.clock - self.started
        if was_postponed and self.age < 0:
            self.start_announced = False
            self.timeline.append(("SCHEDULED", self.clock))
        if not self.start_announced and self.age >= 0:
            self.start_announced = True
            self.timeline.append(("STARTED", self.started))
        if self.max_age is not None and self.age >= self.max_age:
            self.end("COMPLETED", ago=self.age - self.max_age)
            self.announce_end()

    def announce_end(self) -> None:
        assert self.reason is not None
        assert self.ended is not None
        self.end_announced = True
        self.timeline.append((self.reason, self.ended))

    def predicted_end(self) -> int | None:
        """Simulate the time until the session ends without a further heartbeat."""
        if self.ended is not None or not self.limits():
            return None
        other = copy(self)
        while other.ended is None:
            other.advance(DAY)
        return other.ended
