"""Reference model of the whole server: projects, sessions, idempotency keys and commands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.media.reference_metrics import SentEvent
from tests.model_based.player_events import apply_events
from tests.model_based.reference_session import DAY, Path, ReferenceSession, Schedule

TIMEOUTS = {"CLIENT": 1800, "MEDIA": 600, "FIELD": 1800, "USER": 300}
MAX_DOWNTIME_MS = 5_000
"""Shorter gaps without a sign of the server are no downtime."""


@dataclass
class ExpectedResult:
    session: ReferenceSession | None = None
    problems: list[str] = field(default_factory=list)
    created: bool = False

    @property
    def keepalive_seconds(self) -> int | None:
        if self.session is None or self.session.timeout is None or self.session.ended is not None:
            return None
        return min(self.session.timeout // 3000, 120)


@dataclass
class _IdempotencyKey:
    start_input: Any
    session: ReferenceSession
    age: int = 0


class ReferenceModel:
    def __init__(self, now: int) -> None:
        self.now = now
        self.sessions: list[ReferenceSession] = []
        self.deleted: dict[str, tuple[str, int]] = {}
        self.projects: dict[str, dict[str, int]] = {"default": {}}
        self._keys: dict[tuple[str, str], _IdempotencyKey] = {}

    # ---- time ----

    def advance(self, milliseconds: int) -> None:
        """Advance the clock, or set it back."""
        self._advance(milliseconds, server_up=True)

    def server_down(self, milliseconds: int) -> None:
        """Advance the clock while the server is down."""
        counts_as_downtime = milliseconds > MAX_DOWNTIME_MS
        self._advance(milliseconds, server_up=not counts_as_downtime)
        for session in self.sessions if counts_as_downtime else []:
            session.extend_deadline()

    def _advance(self, milliseconds: int, *, server_up: bool) -> None:
        self.now += milliseconds
        for session in self.sessions:
            session.advance(milliseconds, server_up=server_up)
        for key in self._keys.values() if server_up else ():
            key.age += milliseconds

    def sweep(self) -> None:
        for session in self.sessions:
            session.apply_due()

    @property
    def has_expired_keys(self) -> bool:
        return any(key.age >= DAY for key in self._keys.values())

    # ---- calls ----

    def find(self, session_id: str) -> ReferenceSession | None:
        return next((session for session in self.sessions if session.id == session_id), None)

    def start(self, start_input: Mapping[str, Any], session: ReferenceSession) -> ExpectedResult:
        """Apply a start; `session` is the one that it would create."""
        problems = [] if session.project in self.projects else ["NOT_FOUND"]
        key = self._keys.get((session.project, start_input.get("idempotencyKey", "")))
        if key is not None and key.age < DAY:
            replay = self._replay(key, start_input)
            if not replay.problems:
                return replay
            problems += replay.problems
        problems += self._previous_problems(start_input.get("previousId"), session)
        if session.kind == "AGENDA" and "timeoutSeconds" in start_input:
            problems.append("BAD_USER_INPUT")
        if problems:
            return ExpectedResult(problems=problems)
        result = self._start_or_reuse(start_input["variant"], session)
        if "idempotencyKey" in start_input and result.session is not None:
            self._keys[session.project, start_input["idempotencyKey"]] = _IdempotencyKey(start_input, result.session)
        return result

    def _replay(self, key: _IdempotencyKey, start_input: Mapping[str, Any]) -> ExpectedResult:
        if key.start_input != start_input:
            return ExpectedResult(problems=["CONFLICT"])
        return ExpectedResult(key.session) if key.session in self.sessions else ExpectedResult(problems=["NOT_FOUND"])

    def _previous_problems(self, previous_id: str | None, session: ReferenceSession) -> list[str]:
        if previous_id is None:
            return []
        previous = self.find(previous_id)
        if previous is None:
            return ["NOT_FOUND"]
        is_of_project = session.project not in self.projects or previous.project == session.project
        return [] if previous.kind == session.kind and is_of_project else ["BAD_USER_INPUT"]

    def _start_or_reuse(self, variant: Mapping[str, Any], session: ReferenceSession) -> ExpectedResult:
        fields = variant.get("user", variant.get("field", {}))
        natural_key = (fields.get("username"), fields.get("clientId"), fields.get("uuid"))
        session.natural_key = natural_key if any(natural_key[1:]) else None
        existing = None if session.natural_key is None else self._find_equal(session)
        if existing is not None and session.kind == "USER":
            if existing.ended is None:
                return ExpectedResult(existing)
            existing.apply_due()
        elif existing is not None:
            self._remove(existing, "REPLACED")
            for key in self._keys.values():
                key.session = session if key.session is existing else key.session
        self.sessions.append(session)
        return ExpectedResult(session, created=True)

    def _find_equal(self, session: ReferenceSession) -> ReferenceSession | None:
        key = (session.kind, session.project, session.natural_key)
        for other in self.sessions:
            is_candidate = session.kind == "FIELD" or not other.end_announced
            if is_candidate and (other.kind, other.project, other.natural_key) == key:
                return other
        return None

    def timeout(self, kind: str, project: str, requested: int | None) -> int | None:
        """Get the timeout of a start: the input's, else the project's, else the kind's."""
        seconds = requested or self.projects.get(project, {}).get(kind, TIMEOUTS.get(kind))
        return None if seconds is None else seconds * 1000

    def delete(self, session_id: str) -> ExpectedResult:
        session = self.find(session_id)
        if session is None:
            return ExpectedResult(problems=["NOT_FOUND"])
        self._remove(session, "DELETED")
        return ExpectedResult()

    def _remove(self, session: ReferenceSession, activity_type: str) -> None:
        self.sessions.remove(session)
        self.deleted[session.id] = (activity_type, self.now)

    def terminate(self, session_id: str) -> ExpectedResult:
        session = self.find(session_id)
        if (refusal := self.refusal(session, idempotent_after=("TERMINATED",))) is not None or session is None:
            return refusal or ExpectedResult()
        self._end(session, "TERMINATED")
        return ExpectedResult(session)

    def keepalive(self, call: Mapping[str, Any], ping: SentEvent | None) -> ExpectedResult:
        session = self.find(call["id"])
        refusal = self.refusal(session, _wrong_player(session, ping)) or self._noop(session, call)
        if refusal is not None or session is None:
            return refusal or ExpectedResult()
        session.heartbeat(None)
        self._set_visible(session, visible=call.get("visible", session.visible))
        if (path := call.get("path")) is not None and tuple(path) != session.path:
            session.path = tuple(path)
            session.timeline.append(("MOVED", self.now))
        return self._record_call(session, call, ping)

    def hide(self, call: Mapping[str, Any], ping: SentEvent | None) -> ExpectedResult:
        session = self.find(call["id"])
        refusal = self.refusal(session, _wrong_player(session, ping)) or self._noop(session, call)
        if refusal is not None or session is None:
            return refusal or ExpectedResult()
        session.heartbeat(_path(call))
        self._set_visible(session, visible=False)
        return self._record_call(session, call, ping)

    def stop(self, call: Mapping[str, Any], ping: SentEvent | None) -> ExpectedResult:
        session = self.find(call["id"])
        refusal = self.refusal(session, _wrong_player(session, ping), ("STOPPED", "CANCELLED"))
        if refusal is not None or session is None:
            return refusal or ExpectedResult()
        cancelled = session.state == "SCHEDULED"
        session.heartbeat(_path(call))
        problems = apply_events(session, [ping] if ping else [], self.now)
        self._end(session, "CANCELLED" if cancelled else "STOPPED")
        return ExpectedResult(session, problems)

    def refusal(
        self, session: ReferenceSession | None, others: Sequence[str] = (), idempotent_after: Sequence[str] = ()
    ) -> ExpectedResult | None:
        """Get the failure of a command on a missing or ended session, or with other problems.

        A session that ended for one of the reasons `idempotent_after` is returned unchanged.
        """
        if session is None:
            return ExpectedResult(problems=["NOT_FOUND", *others])
        session.apply_due()
        if session.ended is not None and session.reason not in idempotent_after:
            return ExpectedResult(session, ["SESSION_ENDED", *others])
        return ExpectedResult(session, list(others)) if others or session.ended is not None else None

    def track(self, session_id: str, events: list[SentEvent]) -> ExpectedResult:
        session = self.find(session_id)
        if (refusal := self.refusal(session)) is not None or session is None:
            return refusal or ExpectedResult()
        if session.kind != "MEDIA":
            return ExpectedResult(session, ["BAD_USER_INPUT"])
        session.heartbeat(None)
        session.revision += 1
        return ExpectedResult(session, apply_events(session, events, self.now))

    def save(self, session_id: str, data: Mapping[str, str], remove: Sequence[str]) -> ExpectedResult:
        session = self.find(session_id)
        contradictions = ["BAD_USER_INPUT"] * sum(name.lower() in data for name in remove)
        if session is None:
            return ExpectedResult(problems=["NOT_FOUND", *contradictions])
        session.apply_due()
        if problems := (["BAD_USER_INPUT"] if session.kind != "FIELD" else []) + contradictions:
            return ExpectedResult(session, problems)
        if session.ended is None:
            session.heartbeat(None)
        elif not data and not remove:
            return ExpectedResult(session)
        session.points = {name: value for name, value in session.points.items() if name not in map(str.lower, remove)}
        session.points.update(data)
        session.received = self.now
        session.timeline.append(("SAVED", self.now))
        session.revision += 1
        return ExpectedResult(session)

    def update_agenda(self, values: Mapping[str, Any]) -> ExpectedResult:
        session = self.find(values["id"])
        cleared = [name for name in ("name", "startTime", "allDay") if name in values and values[name] is None]
        problems = ["BAD_USER_INPUT"] * len(cleared)
        if session is None:
            return ExpectedResult(problems=["NOT_FOUND", *problems])
        session.apply_due()
        if session.schedule is None:
            return ExpectedResult(session, ["BAD_USER_INPUT", *problems])
        current = session.schedule
        updated = Schedule(
            title=values.get("name") or current.title,
            start=current.start if values.get("startTime") is None else values["startTime"],
            end=values.get("endTime", current.end),
            all_day=current.all_day if values.get("allDay") is None else values["allDay"],
        )
        if session.ended is not None:
            return self._correct_agenda(session, updated, cleared)
        is_invalid = updated.end is not None and (updated.all_day or updated.end <= updated.start)
        if problems or is_invalid:
            return ExpectedResult(session, [*problems, *["BAD_USER_INPUT"] * is_invalid])
        if updated != current:
            session.timeline.append(("UPDATED", self.now))
            session.revision += 1
            session.reschedule(updated)
        return ExpectedResult(session)

    def _correct_agenda(self, session: ReferenceSession, updated: Schedule, cleared: Sequence[str]) -> ExpectedResult:
        """Update an ended item: all but its schedule, which decided its life."""
        current = session.schedule
        assert current is not None
        rescheduled = {
            "startTime": updated.start != current.start,
            "endTime": updated.end != current.end,
            "allDay": updated.all_day != current.all_day,
        }
        problems = [
            "BAD_USER_INPUT" if name in cleared else "SESSION_ENDED"
            for name in ("name", "startTime", "endTime", "allDay")
            if name in cleared or rescheduled.get(name, False)
        ]
        if not problems and updated != current:
            session.schedule = updated
            session.timeline.append(("UPDATED", self.now))
            session.revision += 1
        return ExpectedResult(session, problems)

    def _noop(self, session: ReferenceSession | None, call: Mapping[str, Any]) -> ExpectedResult | None:
        """Get the result of a call that a later one has overtaken: it changes nothing."""
        assert session is not None
        number = call.get("sequence")
        is_reordered = number is not None and session.sequence is not None and number <= session.sequence
        return ExpectedResult(session) if is_reordered else None

    def _set_visible(self, session: ReferenceSession, *, visible: bool) -> None:
        if session.visible != visible:
            session.visible = visible
            session.timeline.append(("SHOWN" if visible else "HIDDEN", self.now))

    def _record_call(
        self, session: ReferenceSession, call: Mapping[str, Any], ping: SentEvent | None
    ) -> ExpectedResult:
        if call.get("sequence") is not None:
            session.sequence = call["sequence"]
        session.revision += 1
        return ExpectedResult(session, apply_events(session, [ping] if ping else [], self.now))

    def _end(self, session: ReferenceSession, reason: str) -> None:
        session.end(reason)
        session.announce_end()
        session.revision += 1

    def set_project(self, project: str, timeouts: Mapping[str, int | None] | None, *, new: bool) -> list[str]:
        if new == (project in self.projects):
            return ["CONFLICT" if new else "NOT_FOUND"]
        merged = {} if timeouts is None else {**self.projects.get(project, {}), **timeouts}
        self.projects[project] = {kind: seconds for kind, seconds in merged.items() if seconds is not None}
        return []


def _wrong_player(session: ReferenceSession | None, ping: SentEvent | None) -> list[str]:
    return ["BAD_USER_INPUT"] if session is not None and ping is not None and session.kind != "MEDIA" else []


def _path(call: Mapping[str, Any]) -> Path | None:
    return None if call.get("path") is None else tuple(call["path"])
