"""Update of an AGENDA session (docs/domain.md, section 3): no heartbeat."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from models.clock import to_rfc3339
from models.enums import ActivityType, Kind, ProblemCode
from models.kinds import KINDS
from models.kinds.agenda import SCHEDULE_FIELDS, AgendaUpdate, AgendaUpdateFields
from models.kinds.base import is_instant
from models.problems import Problem, prefix_paths
from models.tables.rows import Session
from resolvers.lifecycle.commands import Command, wrong_kind
from resolvers.lifecycle.unit_of_work import SessionUnitOfWork

_RULES: Final = KINDS[Kind.AGENDA]
_INSTANT_FIELDS: Final = {name for name, info in _RULES.fields.model_fields.items() if is_instant(info)}
_OMITTED_FROM_DIFF: Final = "description_html"
"""Too long to be on the timeline twice."""


@dataclass(frozen=True, slots=True)
class UpdateAgenda(Command):
    fields: AgendaUpdate
    input_model = AgendaUpdateFields

    def ended_problems(self, s: Session) -> tuple[Problem, ...]:
        """Refuse changes of the schedule only: the record of an ended session stays correctable."""
        if s.kind != Kind.AGENDA:
            return ()
        message = f"must stay as it is: the session has ended ({s.end_reason})"
        before = _RULES.values_from_row(s)
        changed = _changed_names(before, self.fields.merged(before))
        return tuple(
            Problem((*self.input_path, _alias(name)), message, ProblemCode.SESSION_ENDED)
            for name in changed
            if name in SCHEDULE_FIELDS
        )

    def preconditions(self, uow: SessionUnitOfWork) -> list[Problem]:
        s = uow.session
        if s.kind != Kind.AGENDA:
            return [wrong_kind(uow, Kind.AGENDA, *self.input_path, "id")]
        update = self.fields if s.ended_at is None else self.fields.without_schedule
        return prefix_paths(update.find_problems(_RULES.values_from_row(s)), *self.input_path)

    def is_noop(self, uow: SessionUnitOfWork) -> bool:
        values = _RULES.values_from_row(uow.session)
        return self.fields.merged(values) == values

    def apply(self, uow: SessionUnitOfWork) -> list[Problem]:
        s = uow.session
        before = _RULES.values_from_row(s)
        after = self.fields.merged(before)
        _assign(uow, after)
        changed = _changed_names(before, after)
        uow.add_activity(ActivityType.UPDATED, self.now, _diff(changed, before, after))
        if "schedule_tracks" in changed:
            uow.tracks = after["schedule_tracks"]
        if s.ended_at is None:
            self._reschedule(uow, changed)
        return []

    def _reschedule(self, uow: SessionUnitOfWork, changed: Sequence[str]) -> None:
        s = uow.session
        if "start_time" in changed and s.begun and s.started_at > self.now:
            s.begun = False
            uow.add_activity(ActivityType.SCHEDULED, self.now)
        uow.reset_deadline()
        # The new start or end may lie in the past.
        uow.apply_due_silently(self.now)


def _changed_names(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    return [name for name in after if after[name] != before[name]]


def _assign(uow: SessionUnitOfWork, values: dict[str, Any]) -> None:
    columns = _RULES.columns_from_values(values)
    for name, value in columns.items():
        setattr(uow.session, name, value)
    uow.changed_columns |= columns.keys()


def _diff(changed: Sequence[str], before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "changed": [_alias(name) for name in changed],
        "from": {_alias(name): _format_value(name, before[name]) for name in changed if name != _OMITTED_FROM_DIFF},
        "to": {_alias(name): _format_value(name, after[name]) for name in changed if name != _OMITTED_FROM_DIFF},
    }


def _alias(name: str) -> str:
    return str(_RULES.fields.model_fields[name].alias)


def _format_value(name: str, value: Any) -> Any:
    return to_rfc3339(value) if name in _INSTANT_FIELDS and value is not None else value
