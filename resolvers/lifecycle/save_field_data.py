"""The command saveFieldData: change, add and remove data points of a form, also after its end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from models.enums import ActivityType, Kind, Scope
from models.kinds.field import (
    MAX_POINTS,
    TIMEZONE_POINT,
    DataPointFields,
    SaveFieldDataFields,
    must_not_be_earlier,
    timezone_offset,
    visible_points,
)
from models.kinds.validation import validate
from models.problems import Problem, prefix_paths
from models.tables.rows import Session
from resolvers.access import require
from resolvers.context import Context
from resolvers.forms.attachments import detect_types, store_attachments
from resolvers.forms.data_points import FormState, StoredAttachment
from resolvers.lifecycle.commands import Command, wrong_kind
from resolvers.lifecycle.heartbeat import record_heartbeat
from resolvers.lifecycle.result import MutationResult
from resolvers.lifecycle.service import execute_batch, find_problems
from resolvers.lifecycle.unit_of_work import SessionUnitOfWork

MAX_NAMES_IN_ACTIVITY: Final = 50

_INPUT_PATH: Final = ("input",)


async def save_field_data(context: Context, values: Mapping[str, Any]) -> MutationResult:
    """Change and add the data points in `data` of the session `id`, and remove those in `remove`, all or none.

    Raises:
        StorageUnavailable: the database or the blob store cannot be written at the moment; nothing was saved.
    """
    require(context.caller, Scope.WRITE)
    validated, detected = validate(SaveFieldDataFields, values), await detect_types(values["data"])
    problems = prefix_paths((*validated.problems, *detected.problems), *_INPUT_PATH)
    command = SaveFieldData(context.caller, context.now, validated.fields, _INPUT_PATH, problems=tuple(problems))
    # Files are stored before the transaction: a command that it would refuse must not leave any behind.
    if detected.types and not problems:
        problems = await context.database.read(find_problems, command)
    if problems:
        return await context.write(execute_batch, replace(command, problems=tuple(problems)))
    async with store_attachments(context, validated.fields.data, detected) as files:
        return await context.write(execute_batch, replace(command, files=files))


@dataclass(frozen=True, slots=True)
class SaveFieldData(Command):
    fields: SaveFieldDataFields
    files: Mapping[str, StoredAttachment] = field(default_factory=dict)
    """By the names of their data points."""

    input_model = SaveFieldDataFields
    needs_form = True

    def ended_problems(self, s: Session) -> tuple[Problem, ...]:  # noqa: ARG002 - of any session
        """Refuse nothing: the record of an ended session stays correctable."""
        return ()

    def preconditions(self, uow: SessionUnitOfWork) -> list[Problem]:
        s = uow.session
        if s.kind != Kind.FIELD:
            return [wrong_kind(uow, Kind.FIELD, *self.input_path, "id")]
        problems = []
        if self.fields.saved is not None and self.fields.saved < s.details["created"]:
            problems.append(self._problem(must_not_be_earlier(s.details["created"], self.fields.saved), "saved"))
        names = {point.key for point in self._visible_points}
        if (count := len(self._form(uow).positions.keys() - set(self.fields.removed_keys) | names)) > MAX_POINTS:
            problems.append(self._problem(f"must give the form at most {MAX_POINTS} data points, not {count}", "data"))
        return problems

    def is_noop(self, uow: SessionUnitOfWork) -> bool:
        # Of an active form, a save of nothing is a heartbeat.
        is_empty = not (self.fields.data or self.fields.remove) and self.fields.saved is None
        return is_empty and uow.session.end_reason is not None

    def apply(self, uow: SessionUnitOfWork) -> list[Problem]:
        s, form = uow.session, self._form(uow)
        if s.ended_at is None:
            record_heartbeat(uow, self.now)
            uow.update_deadline()
        removed = form.remove(self.fields.removed_keys)
        form.save(self._visible_points, self.files)
        # A device whose clock is ahead must not have a form saved before it was created.
        saved = max(self.now, s.details["created"]) if self.fields.saved is None else self.fields.saved
        details = {"saved": saved, "received": self.now}
        if (offset := timezone_offset(self.fields.data)) is not None or TIMEZONE_POINT in self.fields.removed_keys:
            details["timezone_offset_seconds"] = offset
        s.details = s.details | details
        uow.changed_columns.add("details")
        uow.add_activity(ActivityType.SAVED, self.now, self._activity_data(removed), client_at=self.fields.saved)
        return []

    def _activity_data(self, removed: Sequence[str]) -> dict[str, Any]:
        names = [point.name for point in self._visible_points]
        data = {"count": len(names), "names": names[:MAX_NAMES_IN_ACTIVITY]}
        return data | (
            {"removedCount": len(removed), "removedNames": removed[:MAX_NAMES_IN_ACTIVITY]} if removed else {}
        )

    @property
    def _visible_points(self) -> list[DataPointFields]:
        return visible_points(self.fields.data)

    @staticmethod
    def _form(uow: SessionUnitOfWork) -> FormState:
        assert uow.form is not None, "`needs_form` has it loaded"
        return uow.form

    def _problem(self, message: str, *path: str) -> Problem:
        return Problem((*self.input_path, *path), message)
