"""The whole server in miniature: sessions as lives that are counted, and what each call does to them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.media.reference_metrics import Told
from tests.model_based.player_events import take
from tests.model_based.reference_session import DAY, Life, Path

TIMEOUTS = {"CLIENT": 1800, "MEDIA": 600, "USER": 300}
AWAY = 5_000
"""How long the server may be silent without having been away."""


@dataclass
class Answer:
    """What a call must answer."""

    life: Life | None = None
    problems: list[str] = field(default_factory=list)
    created: bool = False

    @property
    def keepalive_seconds(self) -> int | None:
        if self.life is None or self.life.timeout is None or self.life.ended is not None:
            return None
        return min(self.life.timeout // 3000, 120)


@dataclass
class _Key:
    given: Any
    life: Life
    age: int = 0


class House:
    """All sessions, the projects, and the keys of starts."""

    def __init__(self, now: int) -> None:
        self.now = now
        self.lives: list[Life] = []
        self.gone: dict[str, tuple[str, int]] = {}
        self.projects: dict[str, dict[str, int]] = {"default": {}}
        self._keys: dict[tuple[str, str], _Key] = {}

    # ---- time ----

    def pass_time(self, milliseconds: int) -> None:
        """Time goes by, or the clock is set back."""
        self._age(milliseconds, served=True)

    def be_away(self, milliseconds: int) -> None:
        """Time goes by while the server signs nothing."""
        away = milliseconds > AWAY
        self._age(milliseconds, served=not away)
        for life in self.lives if away else []:
            life.forgive()

    def _age(self, milliseconds: int, *, served: bool) -> None:
        self.now += milliseconds
        for life in self.lives:
            life.pass_time(milliseconds, served=served)
        for key in self._keys.values():
            key.age += milliseconds

    def sweep(self) -> None:
        """Everything that time has done is written down."""
        for life in self.lives:
            life.note()

    @property
    def has_old_keys(self) -> bool:
        """Whether there are keys that are good no more, forgotten or not."""
        return any(key.age >= DAY for key in self._keys.values())

    # ---- calls ----

    def find(self, session_id: str) -> Life | None:
        return next((life for life in self.lives if life.id == session_id), None)

    def start(self, given: Mapping[str, Any], life: Life) -> Answer:
        """A start whose input is `given`; `life` is what it would make."""
        if life.kind == "AGENDA" and "timeoutSeconds" in given:
            return Answer(problems=["BAD_USER_INPUT"])
        if life.project not in self.projects:
            return Answer(problems=["NOT_FOUND"])
        key = self._keys.get((life.project, given.get("idempotencyKey", "")))
        if key is not None and key.age < DAY:
            return self._again(key, given)
        if (previous := given.get("previousId")) is not None:
            found = self.find(previous)
            if found is None:
                return Answer(problems=["NOT_FOUND"])
            if (found.kind, found.project) != (life.kind, life.project):
                return Answer(problems=["BAD_USER_INPUT"])
        answer = self._meet(given["variant"], life)
        if "idempotencyKey" in given and answer.life is not None:
            self._keys[life.project, given["idempotencyKey"]] = _Key(given, answer.life)
        return answer

    def _again(self, key: _Key, given: Mapping[str, Any]) -> Answer:
        if key.given != given:
            return Answer(problems=["CONFLICT"])
        return Answer(key.life) if key.life in self.lives else Answer(problems=["NOT_FOUND"])

    def _meet(self, variant: Mapping[str, Any], life: Life) -> Answer:
        mine = [other for other in self.lives if (other.kind, other.project) == (life.kind, life.project)]
        mine = [other for other in mine if life.kind == "FIELD" or not other.told]
        own = variant.get("user", variant.get("field", {}))
        name = (own.get("username"), own.get("clientId"), own.get("uuid"))
        there = next((other for other in mine if other.name == name), None) if any(name[1:]) else None
        life.name = name if any(name[1:]) else None
        if there is not None and life.kind == "USER":
            if there.ended is None:
                return Answer(there)
            there.note()
        elif there is not None:
            self._remove(there, "REPLACED")
            for key in self._keys.values():
                key.life = life if key.life is there else key.life
        self.lives.append(life)
        return Answer(life, created=True)

    def timeout(self, kind: str, project: str, given: int | None) -> int | None:
        """Of a start: the input's, over the project's, over the kind's own."""
        seconds = given or self.projects.get(project, {}).get(kind, TIMEOUTS.get(kind))
        return None if seconds is None else seconds * 1000

    def delete(self, session_id: str) -> Answer:
        life = self.find(session_id)
        if life is None:
            return Answer(problems=["NOT_FOUND"])
        self._remove(life, "DELETED")
        return Answer()

    def _remove(self, life: Life, word: str) -> None:
        self.lives.remove(life)
        self.gone[life.id] = (word, self.now)

    def terminate(self, session_id: str) -> Answer:
        life = self.find(session_id)
        if (refusal := self.refusal(life, "TERMINATED")) is not None or life is None:
            return refusal or Answer()
        self._finish(life, "TERMINATED")
        return Answer(life)

    def keepalive(self, call: Mapping[str, Any], ping: Told | None) -> Answer:
        life = self.find(call["id"])
        if (refusal := self.refusal(life) or self._unheard(life, call, ping)) is not None or life is None:
            return refusal or Answer()
        life.hear(None)
        self._show(life, visible=call.get("visible", True))
        if (path := call.get("path")) is not None and tuple(path) != life.path:
            life.path = tuple(path)
            life.timeline.append(("MOVED", self.now))
        return self._heard(life, call, ping)

    def hide(self, call: Mapping[str, Any], ping: Told | None) -> Answer:
        life = self.find(call["id"])
        if (refusal := self.refusal(life) or self._unheard(life, call, ping)) is not None or life is None:
            return refusal or Answer()
        life.hear(_path(call))
        self._show(life, visible=False)
        return self._heard(life, call, ping)

    def stop(self, call: Mapping[str, Any], ping: Told | None) -> Answer:
        life = self.find(call["id"])
        last = {**call, "sequence": None}
        if (refusal := self.refusal(life, "STOPPED", "CANCELLED") or self._unheard(life, last, ping)) or life is None:
            return refusal or Answer()
        cancelled = life.state == "SCHEDULED"
        life.hear(_path(call))
        problems = take(life, [ping] if ping else [], self.now)
        self._finish(life, "CANCELLED" if cancelled else "STOPPED")
        return Answer(life, problems)

    def refusal(self, life: Life | None, *wanted: str) -> Answer | None:
        """Why a call does nothing: there is no such life, or it is over, for another reason than those `wanted`."""
        if life is None:
            return Answer(problems=["NOT_FOUND"])
        life.note()
        if life.ended is None:
            return None
        return Answer(life, [] if life.reason in wanted else ["SESSION_ENDED"])

    def track(self, session_id: str, events: list[Told]) -> Answer:
        life = self.find(session_id)
        if (refusal := self.refusal(life)) is not None or life is None:
            return refusal or Answer()
        if life.kind != "MEDIA":
            return Answer(life, ["BAD_USER_INPUT"])
        life.hear(None)
        life.revision += 1
        return Answer(life, take(life, events, self.now))

    def _unheard(self, life: Life | None, call: Mapping[str, Any], ping: Told | None) -> Answer | None:
        """Why a call changes nothing: a player where there is none, or a later call that came before."""
        assert life is not None
        if ping is not None and life.kind != "MEDIA":
            return Answer(life, ["BAD_USER_INPUT"])
        number = call.get("sequence")
        overtaken = number is not None and life.sequence is not None and number <= life.sequence
        return Answer(life) if overtaken else None

    def _show(self, life: Life, *, visible: bool) -> None:
        if life.visible != visible:
            life.visible = visible
            life.timeline.append(("SHOWN" if visible else "HIDDEN", self.now))

    def _heard(self, life: Life, call: Mapping[str, Any], ping: Told | None) -> Answer:
        if call.get("sequence") is not None:
            life.sequence = call["sequence"]
        life.revision += 1
        return Answer(life, take(life, [ping] if ping else [], self.now))

    def _finish(self, life: Life, reason: str) -> None:
        life.end(reason)
        life.tell_end()
        life.revision += 1

    def set_project(self, project: str, timeouts: Mapping[str, int | None] | None, *, new: bool) -> list[str]:
        """Make or change a project; the codes of what is wrong."""
        if new == (project in self.projects):
            return ["CONFLICT" if new else "NOT_FOUND"]
        merged = {} if timeouts is None else {**self.projects.get(project, {}), **timeouts}
        self.projects[project] = {kind: seconds for kind, seconds in merged.items() if seconds is not None}
        return []


def _path(call: Mapping[str, Any]) -> Path | None:
    return None if call.get("path") is None else tuple(call["path"])
