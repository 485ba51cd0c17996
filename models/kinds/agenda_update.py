"""What an update of an AGENDA session may say: any field of a start but the guide, which never changes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import Field, create_model
from pydantic.fields import FieldInfo

from models.kinds.agenda import AgendaFields
from models.kinds.base import Breach, KindFields
from models.kinds.validation import check

_CHANGING: Final = {name: info for name, info in AgendaFields.model_fields.items() if name != "guide"}

_NOT_GIVEN: Final = "it is not in this update, so it stays as it is"


class _Update(KindFields):
    id: str = Field(description="The session.")

    def breaches(self) -> Iterator[Breach]:
        for name, info in _CHANGING.items():
            if name in self.model_fields_set and getattr(self, name) is None and not _may_be_empty(info):
                yield Breach((str(info.alias),), "can be changed, not cleared")


def _may_be_empty(info: FieldInfo) -> bool:
    """Whether there is a value that says "nothing": null, or a list of none."""
    return not info.is_required() and (info.default is None or info.default == [])


def _optional(info: FieldInfo) -> Any:
    """The same field with the same limits, which may be left out, or null."""
    return info.rebuild_annotation() | None, Field(default=None, description=info.description)


AgendaUpdateFields: Final = create_model(
    "AgendaUpdateFields",
    __base__=_Update,
    __doc__="The fields of an update: what is not given stays as it is, null clears what may be empty.",
    **{name: _optional(info) for name, info in _CHANGING.items()},
)


@dataclass(frozen=True, slots=True)
class AgendaUpdate:
    """An update, checked as far as it can be without the session that it is for."""

    id: str
    values: Mapping[str, Any]
    """What is to be, by the names of `AgendaFields`."""
    broken: tuple[Breach, ...]
    """The rules that it breaks whatever the session is."""

    def merged(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values of a session after the update."""
        return {**values, **self.values}

    def breaches(self, values: Mapping[str, Any]) -> Iterator[Breach]:
        """All rules that it breaks for a session with these values: those of a start, asked of what would become of it.

        A place of the input is named once, also where the update leaves it as the session has it.
        """
        yield from self.broken
        named = {breach.path for breach in self.broken}
        given = {(_CHANGING[name].alias,) for name in self.values}
        for breach in AgendaFields.model_construct(**self.merged(values)).breaches():
            if breach.path not in named:
                yield breach if breach.path in given else breach._replace(message=f"{breach.message}; {_NOT_GIVEN}")


def agenda_update(given: Mapping[str, Any]) -> AgendaUpdate:
    """Check what a client gives, by the names of the fields; null is a value.

    All that takes long is done here, before any transaction.
    """
    checked = check(AgendaUpdateFields, given)
    said = dict(given) if checked.fields is None else checked.fields.model_dump(by_alias=False, exclude_unset=True)
    values = {
        name: info.get_default(call_default_factory=True) if said[name] is None else said[name]
        for name, info in _CHANGING.items()
        if name in said and (said[name] is not None or _may_be_empty(info))
    }
    return AgendaUpdate(given["id"], values, checked.breaches)
