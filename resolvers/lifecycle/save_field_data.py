"""saveFieldData: data points of a form that changed or are new; the others stay."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy.engine import Connection

from models.enums import ActivityType, Kind, ProblemCode, Scope
from models.kinds.field import MAX_POINTS, DataPointFields, SaveFieldDataFields, offset_of, shown
from models.kinds.validation import check
from resolvers.access import require
from resolvers.context import Context
from resolvers.errors import Problem, problems
from resolvers.forms.attachments import Kept, keeping, look_at
from resolvers.forms.data_points import Form, read_forms
from resolvers.lifecycle.commands import Call
from resolvers.lifecycle.heartbeat import hear
from resolvers.lifecycle.result import Outcome, refused
from resolvers.lifecycle.service import decide
from resolvers.lifecycle.unit_of_work import Draft, schedule

NAMES_TOLD: Final = 50
"""Names of data points that the timeline tells of one call."""

_INPUT: Final = ("input",)


async def save_field_data(context: Context, values: Mapping[str, Any]) -> Outcome:
    """Save data points: `id`, `data`, and where given `saved`.

    Raises:
        StorageUnavailable: nothing can be written now, or no files; nothing of the call was kept.
    """
    require(context.caller, Scope.WRITE)
    checked, looked = check(SaveFieldDataFields, values), await look_at(values["data"])
    if (found := problems((*checked.breaches, *looked.breaches), *_INPUT)) or checked.fields is None:
        return refused(*found)
    async with keeping(context, checked.fields.data, looked) as files:
        return await context.change(decide, Save(context.caller, context.now, checked.fields, _INPUT, files=files))


@dataclass(frozen=True, slots=True)
class Save(Call):
    """Data points of a form are saved. Its client is heard by that."""

    fields: SaveFieldDataFields
    files: Mapping[str, Kept] = field(default_factory=dict)
    """What has become of the files among them, by name."""

    model = SaveFieldDataFields

    @classmethod
    def read(cls, tx: Connection, drafts: Sequence[Draft]) -> None:
        forms = read_forms(tx, [draft.session.id for draft in drafts])
        for draft in drafts:
            draft.form = forms[draft.session.id]

    def refusals(self, draft: Draft) -> list[Problem]:
        s = draft.session
        if s.kind != Kind.FIELD:
            return [self._wrong(f"only FIELD sessions have data points; this one is {s.kind}", "id")]
        found = []
        if self.fields.saved is not None and self.fields.saved < s.details["created"]:
            found.append(self._wrong("must not be earlier than created", "saved"))
        if (count := len(self._form(draft).places.keys() | {point.name for point in self._points})) > MAX_POINTS:
            found.append(self._wrong(f"the form would have {count} data points; {MAX_POINTS} are allowed", "data"))
        return found

    def apply(self, draft: Draft) -> list[Problem]:
        s = draft.session
        hear(draft, self.now)
        self._form(draft).save(self._points, self.files)
        saved = max(self.now, s.details["created"]) if self.fields.saved is None else self.fields.saved
        details = {"saved": saved, "received": self.now}
        if (offset := offset_of(self.fields.data)) is not None:
            details["timezone_offset_seconds"] = offset
        s.details = s.details | details
        draft.columns.add("details")
        names = [point.name for point in self._points]
        told = {"count": len(names), "names": names[:NAMES_TOLD]}
        draft.record(ActivityType.SAVED, self.now, told, client_at=self.fields.saved)
        schedule(s)
        return []

    @property
    def _points(self) -> list[DataPointFields]:
        return shown(self.fields.data)

    @staticmethod
    def _form(draft: Draft) -> Form:
        assert draft.form is not None, "read before the calls are decided"
        return draft.form

    def _wrong(self, message: str, *path: str) -> Problem:
        return Problem(ProblemCode.BAD_USER_INPUT, message, (*self.at, *path))
