"""Changing an item of the agenda: design of the domain, section 3. The client is not heard by that."""

from dataclasses import dataclass
from typing import Any, Final

from models.clock import text_of
from models.enums import ActivityType, Kind, ProblemCode
from models.kinds import KINDS
from models.kinds.agenda_update import AgendaUpdate
from models.kinds.base import is_instant
from resolvers.errors import Problem, problems
from resolvers.lifecycle.commands import Call
from resolvers.lifecycle.unit_of_work import Draft, note_time, reschedule

_RULES: Final = KINDS[Kind.AGENDA]
_INSTANTS: Final = {name for name, info in _RULES.fields.model_fields.items() if is_instant(info)}
_LONG: Final = "description_html"
"""What is too long to stand on the timeline, before and after."""


@dataclass(frozen=True, slots=True)
class UpdateAgenda(Call):
    """What its organizer says of it from now on."""

    fields: AgendaUpdate

    def refusals(self, draft: Draft) -> list[Problem]:
        s = draft.session
        if s.kind != Kind.AGENDA:
            message = f"only AGENDA sessions can be updated; this one is {s.kind}"
            other = Problem(ProblemCode.BAD_USER_INPUT, message, (*self.at, "id"))
            return [other, *problems(self.fields.broken, *self.at)]
        return problems(self.fields.breaches(_RULES.values(s)), *self.at)

    def is_moot(self, draft: Draft) -> bool:
        values = _RULES.values(draft.session)
        return self.fields.merged(values) == values

    def apply(self, draft: Draft) -> list[Problem]:
        s = draft.session
        before = _RULES.values(s)
        after = self.fields.merged(before)
        _put(draft, after)
        changed = [name for name in after if after[name] != before[name]]
        draft.record(ActivityType.UPDATED, self.now, _told(changed, before, after))
        if "schedule_tracks" in changed:
            draft.tracks = after["schedule_tracks"]
        if "start_time" in changed and s.begun and s.started_at > self.now:
            s.begun = False
            draft.record(ActivityType.SCHEDULED, self.now)
        reschedule(s)
        # What it now says may lie in the past: it has begun, or is over, already.
        note_time(draft, self.now)
        return []


def _put(draft: Draft, values: dict[str, Any]) -> None:
    columns = _RULES.columns(values)
    for name, value in columns.items():
        setattr(draft.session, name, value)
    draft.columns |= columns.keys()


def _told(changed: list[str], before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """What the timeline says of a change: the names of the fields, and what they said before and say now."""
    return {
        "changed": [_alias(name) for name in changed],
        "from": {_alias(name): _shown(name, before[name]) for name in changed if name != _LONG},
        "to": {_alias(name): _shown(name, after[name]) for name in changed if name != _LONG},
    }


def _alias(name: str) -> str:
    return str(_RULES.fields.model_fields[name].alias)


def _shown(name: str, value: Any) -> Any:
    return text_of(value) if name in _INSTANTS and value is not None else value
