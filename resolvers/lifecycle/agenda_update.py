"""Update of an AGENDA session (docs/domain.md, section 3): no heartbeat."""

from dataclasses import dataclass
from typing import Any, Final

from models.clock import to_rfc3339
from models.enums import ActivityType, Kind
from models.kinds import KINDS
from models.kinds.agenda import AgendaUpdate, AgendaUpdateFields
from models.kinds.base import is_instant
from models.problems import Problem, prefix_paths
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

    def preconditions(self, uow: SessionUnitOfWork) -> list[Problem]:
        s = uow.session
        if s.kind != Kind.AGENDA:
            return [wrong_kind(uow, Kind.AGENDA, *self.input_path, "id")]
        return prefix_paths(self.fields.find_problems(_RULES.values_from_row(s)), *self.input_path)

    def is_noop(self, uow: SessionUnitOfWork) -> bool:
        values = _RULES.values_from_row(uow.session)
        return self.fields.merged(values) == values

    def apply(self, uow: SessionUnitOfWork) -> list[Problem]:
        s = uow.session
        before = _RULES.values_from_row(s)
        after = self.fields.merged(before)
        _assign(uow, after)
        changed = [name for name in after if after[name] != before[name]]
        uow.add_activity(ActivityType.UPDATED, self.now, _diff(changed, before, after))
        if "schedule_tracks" in changed:
            uow.tracks = after["schedule_tracks"]
        if "start_time" in changed and s.begun and s.started_at > self.now:
            s.begun = False
            uow.add_activity(ActivityType.SCHEDULED, self.now)
        uow.reset_deadline()
        # The new start or end may lie in the past.
        uow.apply_due_silently(self.now)
        return []


def _assign(uow: SessionUnitOfWork, values: dict[str, Any]) -> None:
    columns = _RULES.columns_from_values(values)
    for name, value in columns.items():
        setattr(uow.session, name, value)
    uow.changed_columns |= columns.keys()


def _diff(changed: list[str], before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    return {
        "changed": [_alias(name) for name in changed],
        "from": {_alias(name): _format_value(name, before[name]) for name in changed if name != _OMITTED_FROM_DIFF},
        "to": {_alias(name): _format_value(name, after[name]) for name in changed if name != _OMITTED_FROM_DIFF},
    }


def _alias(name: str) -> str:
    return str(_RULES.fields.model_fields[name].alias)


def _format_value(name: str, value: Any) -> Any:
    return to_rfc3339(value) if name in _INSTANT_FIELDS and value is not None else value
