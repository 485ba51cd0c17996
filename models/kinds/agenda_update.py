"""What an update of an AGENDA session may say: any field of a start but the guide, which never changes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import Field, create_model
from pydantic.fields import FieldInfo

from models.kinds.agenda import AgendaFields
from models.kinds.base import KindFields
from models.kinds.validation import validate
from models.problems import Problem

_UPDATABLE: Final = {name: info for name, info in AgendaFields.model_fields.items() if name != "guide"}

_UNCHANGED_HINT: Final = "it is not in this update, so it stays as it is"


class _AgendaUpdateBase(KindFields):
    id: str = Field(description="The session.")

    def find_problems(self) -> Iterator[Problem]:
        for name, info in _UPDATABLE.items():
            if name in self.model_fields_set and getattr(self, name) is None and not _is_clearable(info):
                yield Problem((str(info.alias),), "can be changed, not cleared")


def _is_clearable(info: FieldInfo) -> bool:
    """Whether there is a value that says "nothing": null, or a list of none."""
    return not info.is_required() and (info.default is None or info.default == [])


def _nullable(info: FieldInfo) -> Any:
    """The same field with the same limits, which may be left out, or null."""
    return info.rebuild_annotation() | None, Field(default=None, description=info.description)


AgendaUpdateFields: Final = create_model(
    "AgendaUpdateFields",
    __base__=_AgendaUpdateBase,
    __doc__="The fields of an update: what is not given stays as it is, null clears what may be empty.",
    **{name: _nullable(info) for name, info in _UPDATABLE.items()},
)


@dataclass(frozen=True, slots=True)
class AgendaUpdate:
    """An update, checked as far as it can be without the session that it is for."""

    id: str
    values: Mapping[str, Any]
    """What is to be, by the names of `AgendaFields`."""
    problems: tuple[Problem, ...]
    """The rules that it breaks whatever the session is."""

    def merged(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values of a session after the update."""
        return {**values, **self.values}

    def find_problems(self, values: Mapping[str, Any]) -> Iterator[Problem]:
        """All rules that it breaks for a session with these values: those of a start, asked of what would become of it.

        A place of the input is named once, also where the update leaves it as the session has it.
        """
        yield from self.problems
        reported = {problem.path for problem in self.problems}
        updated = {(_UPDATABLE[name].alias,) for name in self.values}
        for problem in AgendaFields.model_construct(**self.merged(values)).find_problems():
            if problem.path not in reported:
                yield (
                    problem
                    if problem.path in updated
                    else problem._replace(message=f"{problem.message}; {_UNCHANGED_HINT}")
                )


def parse_agenda_update(raw: Mapping[str, Any]) -> AgendaUpdate:
    """Check what a client gives, by the names of the fields; null is a value.

    All that takes long is done here, before any transaction.
    """
    validated = validate(AgendaUpdateFields, raw)
    provided = (
        dict(raw) if validated.fields is None else validated.fields.model_dump(by_alias=False, exclude_unset=True)
    )
    values = {
        name: info.get_default(call_default_factory=True) if provided[name] is None else provided[name]
        for name, info in _UPDATABLE.items()
        if name in provided and (provided[name] is not None or _is_clearable(info))
    }
    return AgendaUpdate(raw["id"], values, validated.problems)
