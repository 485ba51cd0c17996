"""FIELD: one form filled in by a device (Mobile Data Anywhere, `sessions`)."""

import re
import uuid
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Final

from pydantic import ConfigDict, Field, StringConstraints

from models.clock import Instant
from models.kinds.base import Breach, Derived, InputOnly, KindFields, KindRules, ProjectDefaults, Stored
from models.words import Kind

TIMEZONE_POINT: Final = "__timezone__"
MAX_OFFSET: Final = 14 * 3600
_SECONDS: Final = re.compile(r"[+-]?\d{1,5}", re.ASCII)
MAX_VALUE_BYTES: Final = 64 * 1024
MAX_RAW_BYTES: Final = 1024 * 1024


class DataPointFields(KindFields):
    """One answer of the form."""

    model_config = ConfigDict(title="DataPoint")

    name: Annotated[str, StringConstraints(min_length=1, max_length=255, to_lower=True)] = Field(
        description="Its name, 1 to 255 characters; case does not matter, it is kept in lower case."
    )
    value: str | None = Field(default=None, description="Its value as text; at most 64 KiB of UTF-8.")
    raw_data: bytes | None = Field(default=None, description="Its value as binary data; at most 1 MiB.")

    def breaches(self) -> Iterator[Breach]:
        if (self.value is None) == (self.raw_data is None):
            yield Breach((), "exactly one of value and rawData must be given")
        if self.value is not None and len(self.value.encode()) > MAX_VALUE_BYTES:
            yield Breach(("value",), "must have at most 64 KiB")
        if self.raw_data is not None and len(self.raw_data) > MAX_RAW_BYTES:
            yield Breach(("rawData",), "must have at most 1 MiB")


class FieldFields(KindFields):
    uuid: Annotated[str | None, Field(min_length=1, max_length=128), Derived(), Stored("external_id")] = Field(
        default=None,
        description="The device's own id of the form, 1 to 128 characters of any form; also its `externalId`. "
        "Starting with one that the project knows replaces that session. Made by the server where not given.",
    )
    unit_id: Annotated[str, StringConstraints(min_length=1, max_length=128), Stored("subject")] = Field(
        description="The id of the device, 1 to 128 characters; also its `subject`."
    )
    created: Annotated[Instant | None, Derived()] = Field(
        default=None, description="When the form was begun, by the device's clock; now where not given."
    )
    saved: Annotated[Instant | None, Derived()] = Field(
        default=None,
        description="When the form was last saved, by the device's clock, not before `created`; now where not given.",
    )
    timezone_offset_seconds: Annotated[int, Field(ge=-MAX_OFFSET, le=MAX_OFFSET)] | None = Field(
        default=None,
        description="The device's distance from UTC in seconds, at most 14 hours either way. The data point "
        "`__timezone__` says the same; where both are given they must agree.",
    )
    data: Annotated[list[DataPointFields], Field(max_length=500), InputOnly()] = Field(
        default=[], description="The answers of the form, at most 500, each name once."
    )

    def breaches(self) -> Iterator[Breach]:
        if self.created is not None and self.saved is not None and self.saved < self.created:
            yield Breach(("saved",), "must not be earlier than created")
        yield from point_breaches(self.data)
        yield from self._offset_breaches()

    def _offset_breaches(self) -> Iterator[Breach]:
        point = timezone_point(self.data)
        if point is None:
            return
        index, offset = point
        if offset is None:
            yield Breach(("data", str(index), "value"), "must be whole seconds, at most 14 hours either way")
        elif self.timezone_offset_seconds not in (None, offset):
            yield Breach(("timezoneOffsetSeconds",), f"contradicts the data point {TIMEZONE_POINT}")


def point_breaches(points: list[DataPointFields]) -> Iterator[Breach]:
    """What is wrong with a list of data points; paths begin at `data`."""
    seen: set[str] = set()
    for index, point in enumerate(points):
        at = ("data", str(index))
        yield from (breach.under(*at) for breach in point.breaches())
        if point.name in seen:
            yield Breach((*at, "name"), "occurs twice; case does not matter")
        seen.add(point.name)


def timezone_point(points: list[DataPointFields]) -> tuple[int, int | None] | None:
    """The index of the hidden point `__timezone__` and the offset it gives in seconds, null where it gives none."""
    for index, point in enumerate(points):
        if point.name == TIMEZONE_POINT:
            if _SECONDS.fullmatch(point.value or "") is None:
                return index, None
            offset = int(point.value or "")
            return index, offset if abs(offset) <= MAX_OFFSET else None
    return None


class FieldRules(KindRules):
    kind = Kind.FIELD
    description = "One form filled in by a device."
    fields: ClassVar = FieldFields
    default_timeout = None

    def complete(self, fields: FieldFields, *, project: ProjectDefaults, now: Instant) -> dict[str, Any]:
        values = super().complete(fields, project=project, now=now)
        # A clock ahead of ours must not make a form that was saved before it was begun.
        created = now if fields.created is None else fields.created
        if fields.created is None and fields.saved is not None:
            created = min(now, fields.saved)
        saved = max(now, created) if fields.saved is None else fields.saved
        point = timezone_point(fields.data)
        return values | {
            "uuid": fields.uuid or str(uuid.uuid4()),
            "created": created,
            "saved": saved,
            "timezone_offset_seconds": point[1] if point else fields.timezone_offset_seconds,
        }

    def place(self, fields: FieldFields, *, project: ProjectDefaults, now: Instant) -> dict[str, Any]:
        columns = super().place(fields, project=project, now=now)
        columns["details"]["received"] = now
        return columns
