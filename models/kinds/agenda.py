"""AGENDA: an item of an event's schedule (Guidebook Open API, `/open-api/v1/sessions/`), and its update."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Final, Self

from pydantic import Field, StringConstraints, create_model
from pydantic.fields import FieldInfo

from models.clock import Instant, end_of_utc_day, to_rfc3339
from models.enums import EndReason, Kind
from models.kinds.base import Column, Deadline, IntList, KindFields, KindRules
from models.kinds.field_types import Html
from models.kinds.validation import validate
from models.problems import Problem


class AgendaFields(KindFields):
    guide: Annotated[int, Column("guide")] = Field(description="Number of its guide (event). It never changes.")
    name: Annotated[str, StringConstraints(min_length=1, max_length=500)] = Field(
        description="Title, 1 to 500 characters."
    )
    description_html: Html | None = Field(
        default=None,
        description="Description: HTML of at most 20,000 characters, sanitized on entry, with at most 64 elements "
        "open at once.",
    )
    start_time: Annotated[Instant, Column("started_at")] = Field(description="Planned start; also its `startedAt`.")
    end_time: Instant | None = Field(
        default=None,
        description="Planned end, after `startTime`; not with `allDay`. Without both the session never ends by time. "
        "Stopping early does not change it.",
    )
    all_day: bool = Field(
        default=False,
        description="Whether it lasts until the end of the UTC day on which it starts; excludes `endTime`.",
    )
    allow_rating: bool = Field(default=False, description="Whether visitors may rate it.")
    add_to_schedule: bool = Field(default=False, description="Whether visitors may add it to their schedule.")
    import_id: Annotated[str | None, Field(min_length=1, max_length=255), Column("external_id")] = Field(
        default=None,
        description="Id in the system it was imported from, 1 to 255 characters; also its `externalId`.",
    )
    schedule_tracks: IntList = Field(default=[], description="Numbers of its tracks, at most 100.")
    locations: IntList = Field(default=[], description="Numbers of its locations, at most 100.")
    rank: Annotated[float, Column("rank")] = Field(
        # Not 0: an idempotency key is bound to the input with its defaults, and GraphQL coerces a given 0 to 0.0.
        default=0.0,
        description="Position among items that start at the same time, smallest first.",
    )
    require_login: bool = Field(
        default=False, description="Whether visitors must log in to add it; needs `addToSchedule`."
    )
    max_capacity: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="Maximum number of visitors, at least 1; needs `requireLogin`."
    )
    waitlist: bool = Field(
        default=False, description="Whether there is a waiting list once it is full; needs `maxCapacity`."
    )
    registration_start: Instant | None = Field(
        default=None, description="When registration opens; needs `requireLogin`."
    )
    registration_end: Instant | None = Field(
        default=None, description="When registration closes, after `registrationStart`; needs `requireLogin`."
    )

    def find_problems(self) -> Iterator[Problem]:
        yield from self._schedule_problems()
        if self.require_login and not self.add_to_schedule:
            yield Problem(("requireLogin",), "must not be true without addToSchedule")
        if self.max_capacity is not None and not self.require_login:
            yield Problem(("maxCapacity",), "must not be set without requireLogin")
        if self.waitlist and self.max_capacity is None:
            yield Problem(("waitlist",), "must not be true without maxCapacity")
        yield from self._registration_problems()

    def _schedule_problems(self) -> Iterator[Problem]:
        if self.end_time is not None and self.all_day:
            yield Problem(("endTime",), "must not be set with allDay")
        elif self.end_time is not None and self.end_time <= self.start_time:
            yield Problem(("endTime",), _must_be_later("startTime", self.start_time, self.end_time))

    def _registration_problems(self) -> Iterator[Problem]:
        start, end = self.registration_start, self.registration_end
        if start is not None and not self.require_login:
            yield Problem(("registrationStart",), "must not be set without requireLogin")
        if end is not None and not self.require_login:
            yield Problem(("registrationEnd",), "must not be set without requireLogin")
        if start is not None and end is not None and end <= start:
            yield Problem(("registrationEnd",), _must_be_later("registrationStart", start, end))


def _must_be_later(name: str, start: Instant, end: Instant) -> str:
    return f"must be later than {name} {to_rfc3339(start)}, not {to_rfc3339(end)}"


class AgendaRules(KindRules):
    kind = Kind.AGENDA
    description = Kind.AGENDA.description
    fields: ClassVar = AgendaFields
    default_timeout = None
    takes_timeout = False
    counts_visible_time = False
    deadlines = (Deadline("schedule_end", 0, EndReason.COMPLETED, extends_after_downtime=False),)

    def columns_from_values(self, values: Mapping[str, Any]) -> dict[str, Any]:
        end = end_of_utc_day(values["start_time"]) if values["all_day"] else values["end_time"]
        return super().columns_from_values(values) | {"schedule_end": end}


SCHEDULE_FIELDS: Final = frozenset({"start_time", "end_time", "all_day"})
"""What decides when a session starts and ends."""
_UPDATABLE: Final = {name: info for name, info in AgendaFields.model_fields.items() if name != "guide"}


class _AgendaUpdateBase(KindFields):
    id: str = Field(description="The id of the session.")

    def find_problems(self) -> Iterator[Problem]:
        for name, info in _UPDATABLE.items():
            if name in self.model_fields_set and getattr(self, name) is None and not _is_clearable(info):
                yield Problem((str(info.alias),), "must not be null: it can be changed, not cleared")


def _is_clearable(info: FieldInfo) -> bool:
    # A field whose default is a value, such as false, is set to that value instead.
    return not info.is_required() and (info.default is None or info.default == [])


def _nullable(info: FieldInfo) -> Any:
    return info.rebuild_annotation() | None, Field(default=None, description=info.description)


AgendaUpdateFields: Final = create_model(
    "AgendaUpdateFields",
    __base__=_AgendaUpdateBase,
    __doc__="Fields of an update, all optional; null clears those that may be empty.",
    **{name: _nullable(info) for name, info in _UPDATABLE.items()},
)


@dataclass(frozen=True, slots=True)
class AgendaUpdate:
    """An update, validated as far as possible without the session."""

    id: str
    values: Mapping[str, Any]
    """New values, by the names of `AgendaFields`."""
    problems: tuple[Problem, ...]

    @property
    def without_schedule(self) -> Self:
        """The update of what can be corrected after the end."""
        return replace(self, values={name: self.values[name] for name in self.values.keys() - SCHEDULE_FIELDS})

    def merged(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {**values, **self.values}

    def find_problems(self, values: Mapping[str, Any]) -> Iterator[Problem]:
        """Yield the problems of the session with these values after the update, without its own problems."""
        updated = {(_UPDATABLE[name].alias,) for name in self.values}
        for problem in AgendaFields.model_construct(**self.merged(values)).find_problems():
            if problem.path in updated:
                yield problem
            else:
                yield problem._replace(message=f"{problem.message}; it is not in this update, so it stays as it is")


def parse_agenda_update(raw: Mapping[str, Any]) -> AgendaUpdate:
    """Validate an input, by the names of the fields, before any transaction: sanitizing HTML takes long."""
    validated = validate(AgendaUpdateFields, raw)
    provided = dict(raw) if validated.problems else validated.fields.model_dump(by_alias=False, exclude_unset=True)
    values: dict[str, Any] = {}
    for name, info in _UPDATABLE.items():
        if name in provided and provided[name] is not None:
            values[name] = provided[name]
        elif name in provided and _is_clearable(info):
            values[name] = info.get_default(call_default_factory=True)
    return AgendaUpdate(raw["id"], values, validated.problems)
