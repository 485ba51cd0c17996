"""The life of one session, told by counting: time goes by in ticks, and nothing here knows when it will end.

Each counter grows with every tick and is compared with its limit; that is all there is to an end by time.
"""

from copy import copy
from dataclasses import dataclass, field
from typing import Any

from tests.media.reference_metrics import PLAYER, Told

Path = tuple[str, ...]

TICKS = (3_600_000, 60_000, 1_000, 100, 10, 1)
"""Milliseconds. The longest one after which no counter would be past its limit: long ones only save time."""

DAY = 86_400_000
HALF_AN_HOUR = 1_800_000
LONGEST_CREDIT = 300_000
OVERTAKING = 5_000
"""How far a clock may be back without being thought to have been set back."""


@dataclass(frozen=True)
class Schedule:
    """What is said of an item of the agenda: from when to when (null: without end), or to the end of the UTC day."""

    title: str
    start: int
    end: int | None
    all_day: bool

    @property
    def span(self) -> int | None:
        """How long it lasts."""
        if self.all_day:
            return DAY - self.start % DAY
        return None if self.end is None else self.end - self.start


@dataclass
class Life:
    """One session. All times are milliseconds."""

    kind: str
    project: str
    clock: int
    visible: bool
    path: Path
    timeout: int | None
    span: int | None = None
    """The age at which it ends, heard or not."""
    schedule: Schedule | None = None
    id: str = ""
    name: tuple[str | None, ...] | None = None
    """By which another start can meet it: username and clientId, or uuid."""
    age: int = 0
    silence: int = 0
    """Without a sign of life, the server being there to hear one."""
    unheard: int = 0
    """Without a sign of life, whoever was away."""
    stillness: int = 0
    """Of the playhead, the server being there."""
    age_when_heard: int = 0
    last_seen: int = 0
    started: int = 0
    ended: int | None = None
    reason: str | None = None
    lasted: int = 0
    begun: bool = True
    told: bool = False
    """Whether its end is on its timeline."""
    times: dict[Path, int] = field(default_factory=dict)
    sequence: int | None = None
    revision: int = 1
    timeline: list[tuple[str, int]] = field(default_factory=list)
    events: list[Told] = field(default_factory=list)
    """What its player told that counts, by the clock of the player; the first is the start."""
    answered: dict[tuple[Any, ...], list[str]] = field(default_factory=dict)
    """What was answered to each event: the same one again is answered the same."""

    @property
    def state(self) -> str:
        if self.ended is not None:
            return "ENDED"
        return "SCHEDULED" if self.kind == "AGENDA" and not self.begun and self.age < 0 else "ACTIVE"

    @property
    def elapsed(self) -> int:
        return {"SCHEDULED": 0, "ACTIVE": max(0, self.age), "ENDED": self.lasted}[self.state]

    @property
    def visible_time(self) -> int:
        return sum(self.times.values())

    @property
    def player_state(self) -> str:
        return next((PLAYER[event.type] for event in reversed(self.events) if event.type in PLAYER), "STARTING")

    def limits(self, *, served: bool = True) -> list[tuple[int, int, str]]:
        """Each counter that runs, its limit, and what its end is called; of two at once the first."""
        found = []
        if self.timeout is not None and served:
            found.append((self.silence, self.timeout, "EXPIRED"))
        if self.kind == "MEDIA" and served:
            found.append((self.stillness, HALF_AN_HOUR, "STALLED"))
        if self.span is not None:
            found.append((self.age, self.span, "COMPLETED" if self.kind == "AGENDA" else "EXPIRED"))
        return found

    def pass_time(self, milliseconds: int, *, served: bool = True) -> None:
        """Let time go by, or back; while nobody serves, silence and stillness are not counted."""
        left = milliseconds
        while left > 0 and self.ended is None:
            room = min((limit - counter for counter, limit, _ in self.limits(served=served)), default=left)
            tick = next(tick for tick in TICKS if tick <= min(left, room))
            self._count(tick, served=served)
            left -= tick
            reached = [reason for counter, limit, reason in self.limits(served=served) if counter == limit]
            if reached:
                self.end(reached[0])
        if self.ended is None:
            self._count(left, served=served)
        else:
            self.clock += left

    def _count(self, tick: int, *, served: bool) -> None:
        self.clock += tick
        self.age += tick
        self.unheard += tick
        if served:
            self.silence += tick
            self.stillness += tick

    def forgive(self) -> None:
        """The server was away for long: what it could not hear was no silence."""
        if self.ended is None:
            self.silence = self.stillness = 0

    def end(self, reason: str, ago: int = 0) -> None:
        """End now, or as long ago as a schedule that was moved says."""
        self.ended, self.reason, self.visible = self.clock - ago, reason, False
        age = self.age_when_heard if reason in ("EXPIRED", "STALLED") else self.age - ago
        self.lasted = 0 if reason == "CANCELLED" else max(0, age)

    def hear(self, left: Path | None) -> None:
        """A sign of life: the time since the one before counts for the path it was on, or the one named."""
        credit = min(max(0, self.unheard), self.timeout or LONGEST_CREDIT)
        if self.visible and credit and self.kind != "AGENDA":
            path = self.path if left is None else left
            self.times[path] = self.times.get(path, 0) + credit
        if not -OVERTAKING <= self.unheard < 0:
            self.silence = self.unheard = 0
            self.age_when_heard, self.last_seen = self.age, self.clock

    def note(self) -> None:
        """Write down what time alone has done: the beginning, the end."""
        begins = not self.begun and self.age >= 0 and not self.told
        ends = self.ended is not None and not self.told
        if begins:
            self.begun = True
            self.timeline.append(("STARTED", self.started))
        if ends:
            self.tell_end()
        self.revision += begins or ends

    def move(self, schedule: Schedule) -> None:
        """Live by another schedule from now on: its start may lie ahead again, its end behind."""
        put_off = self.begun and schedule.start != self.started
        self.schedule, self.started, self.span = schedule, schedule.start, schedule.span
        self.age = self.clock - self.started
        if put_off and self.age < 0:
            self.begun = False
            self.timeline.append(("SCHEDULED", self.clock))
        if not self.begun and self.age >= 0:
            self.begun = True
            self.timeline.append(("STARTED", self.started))
        if self.span is not None and self.age >= self.span:
            self.end("COMPLETED", ago=self.age - self.span)
            self.tell_end()

    def tell_end(self) -> None:
        """Put the end on the timeline."""
        assert self.reason is not None
        assert self.ended is not None
        self.told = True
        self.timeline.append((self.reason, self.ended))

    def would_end(self) -> int | None:
        """When it ends if nothing more is heard: found by living on."""
        if self.ended is not None or not self.limits():
            return None
        other = copy(self)
        while other.ended is None:
            other.pass_time(DAY)
        return other.ended
