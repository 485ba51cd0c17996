"""AGENDA: an item of an event's schedule (Guidebook Open API, `/open-api/v1/sessions/`)."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field, StringConstraints

from models.clock import Instant, end_of_utc_day
from models.enums import EndReason, Kind
from models.kinds.base import Column, Deadline, IntList, KindFields, KindRules
from models.kinds.html import Html
from models.problems import Problem


class AgendaFields(KindFields):
    guide: Annotated[int, Column("guide")] = Field(
        description="The number of the guide (the event) it belongs to. It never changes."
    )
    name: Annotated[str, StringConstraints(min_length=1, max_length=500)] = Field(
        description="Its title; 1 to 500 characters."
    )
    description_html: Html | None = Field(
        default=None,
        description="Its description, at most 20,000 characters of HTML; sanitized on entry, "
        "with at most 64 elements open at once.",
    )
    start_time: Annotated[Instant, Column("started_at")] = Field(description="When it begins; also its `startedAt`.")
    end_time: Instant | None = Field(
        default=None,
        description="When it is planned to end, after `startTime`; not with `allDay`. Without both it never "
        "ends by time. Stopping early leaves it as it is.",
    )
    all_day: bool = Field(
        default=False,
        description="Whether it lasts to the end of the UTC day it begins on; excludes `endTime`.",
    )
    allow_rating: bool = Field(default=False, description="Whether visitors may rate it.")
    add_to_schedule: bool = Field(default=False, description="Whether visitors may add it to their schedule.")
    import_id: Annotated[str | None, Field(min_length=1, max_length=255), Column("external_id")] = Field(
        default=None,
        description="The id it has in the system it was imported from, 1 to 255 characters; also its `externalId`.",
    )
    schedule_tracks: IntList = Field(default=[], description="The numbers of the tracks it is on; at most 100.")
    locations: IntList = Field(default=[], description="The numbers of the places it happens at; at most 100.")
    rank: Annotated[float, Column("rank")] = Field(
        default=0, description="Its place among items that begin at the same time, smallest first."
    )
    require_login: bool = Field(
        default=False, description="Whether visitors must log in to add it; needs `addToSchedule`."
    )
    max_capacity: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="How many visitors it takes, at least 1; needs `requireLogin`."
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
            yield Problem(("requireLogin",), "needs addToSchedule")
        if self.max_capacity is not None and not self.require_login:
            yield Problem(("maxCapacity",), "needs requireLogin")
        if self.waitlist and self.max_capacity is None:
            yield Problem(("waitlist",), "needs maxCapacity")
        yield from self._registration_problems()

    def _schedule_problems(self) -> Iterator[Problem]:
        if self.end_time is not None and self.all_day:
            yield Problem(("endTime",), "an all-day session takes no endTime")
        elif self.end_time is not None and self.end_time <= self.start_time:
            yield Problem(("endTime",), "must be later than startTime")

    def _registration_problems(self) -> Iterator[Problem]:
        if not self.require_login:
            if self.registration_start is not None:
                yield Problem(("registrationStart",), "needs requireLogin")
            if self.registration_end is not None:
                yield Problem(("registrationEnd",), "needs requireLogin")
        if (
            self.registration_start is not None
            and self.registration_end is not None
            and self.registration_end <= self.registration_start
        ):
            yield Problem(("registrationEnd",), "must be later than registrationStart")


def schedule_end(start_time: Instant, end_time: Instant | None, *, all_day: bool) -> Instant | None:
    """When the schedule ends a session: `end_time`; all day: the end of that UTC day; neither: never."""
    return end_of_utc_day(start_time) if all_day else end_time


class AgendaRules(KindRules):
    kind = Kind.AGENDA
    description = "An item of an event's schedule."
    fields: ClassVar = AgendaFields
    default_timeout = None
    takes_timeout = False
    counts_visible_time = False
    deadlines = (Deadline("schedule_end", 0, EndReason.COMPLETED, extends_after_downtime=False),)

    def columns_from_values(self, values: Mapping[str, Any]) -> dict[str, Any]:
        end = schedule_end(values["start_time"], values["end_time"], all_day=values["all_day"])
        return super().columns_from_values(values) | {"schedule_end": end}
