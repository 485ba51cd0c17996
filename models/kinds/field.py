"""FIELD: one form filled in by a device (Mobile Data Anywhere, `sessions`)."""

import re
import uuid
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, ClassVar, Final

from pydantic import ConfigDict, Field, InstanceOf, StringConstraints, WithJsonSchema

from models.clock import Instant
from models.enums import Kind, ProblemCode
from models.kinds.base import Column, InputOnly, KindFields, KindRules, ProjectDefaults, ServerDefault
from models.problems import Problem
from models.uploaded_file import UploadedFile

TIMEZONE_POINT: Final = "__timezone__"
MAX_OFFSET_SECONDS: Final = 14 * 3600
_SECONDS_FORMAT: Final = re.compile(r"[+-]?\d{1,5}", re.ASCII)
MAX_VALUE_BYTES: Final = 64 * 1024
MAX_RAW_BYTES: Final = 1024 * 1024
MAX_FILE_BYTES: Final = 25 * 1024 * 1024
MAX_POINTS: Final = 500

DataFile = Annotated[InstanceOf[UploadedFile], WithJsonSchema({"type": "string", "format": "binary"})]


class DataPointFields(KindFields):
    """One answer of the form."""

    model_config = ConfigDict(title="DataPoint")

    name: Annotated[str, StringConstraints(min_length=1, max_length=255, to_lower=True)] = Field(
        description="Its name, 1 to 255 characters; case does not matter, it is kept in lower case."
    )
    value: str | None = Field(default=None, description="Its value as text; at most 64 KiB of UTF-8.")
    raw_data: bytes | None = Field(default=None, description="Its value as binary data; at most 1 MiB.")
    file: DataFile | None = Field(
        default=None,
        description="Its value as a file, a part of a multipart request; at most 25 MiB. What the client says it is "
        "must not contradict its content.",
    )

    @property
    def size(self) -> int:
        """Of its value, in bytes."""
        if self.file is not None:
            return self.file.size
        return len(self.raw_data or b"" if self.value is None else self.value.encode())

    def find_problems(self) -> Iterator[Problem]:
        if [self.value, self.raw_data, self.file].count(None) != 2:
            yield Problem((), "exactly one of value, rawData and file must be given")
        if self.value is not None and len(self.value.encode()) > MAX_VALUE_BYTES:
            yield Problem(("value",), "must have at most 64 KiB")
        if self.raw_data is not None and len(self.raw_data) > MAX_RAW_BYTES:
            yield Problem(("rawData",), "must have at most 1 MiB")
        if self.file is not None and self.file.size > MAX_FILE_BYTES:
            yield Problem(("file",), "must have at most 25 MiB", ProblemCode.TOO_LARGE)


class FormFields(KindFields):
    uuid: Annotated[str | None, Field(min_length=1, max_length=128), ServerDefault(), Column("external_id")] = Field(
        default=None,
        description="The device's own id of the form, 1 to 128 characters of any form; also its `externalId`. "
        "Starting with one that the project knows replaces that session. Made by the server where not given.",
    )
    unit_id: Annotated[str, StringConstraints(min_length=1, max_length=128), Column("subject")] = Field(
        description="The id of the device, 1 to 128 characters; also its `subject`."
    )
    created: Annotated[Instant | None, ServerDefault()] = Field(
        default=None, description="When the form was begun, by the device's clock; now where not given."
    )
    saved: Annotated[Instant | None, ServerDefault()] = Field(
        default=None,
        description="When the form was last saved, by the device's clock, not before `created`; now where not given.",
    )
    timezone_offset_seconds: Annotated[int, Field(ge=-MAX_OFFSET_SECONDS, le=MAX_OFFSET_SECONDS)] | None = Field(
        default=None,
        description="The device's distance from UTC in seconds, at most 14 hours either way. The data point "
        "`__timezone__` says the same; where both are given they must agree.",
    )
    data: Annotated[list[DataPointFields], Field(max_length=MAX_POINTS), InputOnly()] = Field(
        default=[], description="The answers of the form, at most 500, each name once."
    )

    def find_problems(self) -> Iterator[Problem]:
        if self.created is not None and self.saved is not None and self.saved < self.created:
            yield Problem(("saved",), "must not be earlier than created")
        yield from data_point_problems(self.data)
        offset = timezone_offset(self.data)
        if offset is not None and self.timezone_offset_seconds not in (None, offset):
            yield Problem(("timezoneOffsetSeconds",), f"contradicts the data point {TIMEZONE_POINT}")


class SaveFieldDataFields(KindFields):
    """What saving data points of a form may say."""

    id: str = Field(description="The session.")
    saved: Instant | None = Field(
        default=None,
        description="When the form was saved, by the device's clock, not before `created`; now where not given.",
    )
    data: Annotated[list[DataPointFields], Field(max_length=MAX_POINTS)] = Field(
        description="The answers that changed or are new, each name once; the others stay. The form has at most 500."
    )

    def find_problems(self) -> Iterator[Problem]:
        yield from data_point_problems(self.data)


def data_point_problems(points: Sequence[DataPointFields]) -> Iterator[Problem]:
    """What is wrong with a list of data points; paths begin at `data`."""
    seen: set[str] = set()
    for index, point in enumerate(points):
        path = ("data", str(index))
        yield from (problem.prefixed(*path) for problem in point.find_problems())
        if point.name in seen:
            yield Problem((*path, "name"), "occurs twice; case does not matter")
        seen.add(point.name)
        if point.name == TIMEZONE_POINT and _parse_offset(point) is None:
            yield Problem((*path, "value"), "must be whole seconds, at most 14 hours either way")


def visible_points(points: Sequence[DataPointFields]) -> list[DataPointFields]:
    """The points that are stored and shown: all but the hidden one."""
    return [point for point in points if point.name != TIMEZONE_POINT]


def timezone_offset(points: Sequence[DataPointFields]) -> int | None:
    """The offset in seconds that the hidden point `__timezone__` gives; null without one, or where it gives none."""
    return next((_parse_offset(point) for point in points if point.name == TIMEZONE_POINT), None)


def _parse_offset(point: DataPointFields) -> int | None:
    if _SECONDS_FORMAT.fullmatch(point.value or "") is None:
        return None
    offset = int(point.value or "")
    return offset if abs(offset) <= MAX_OFFSET_SECONDS else None


class FormRules(KindRules):
    kind = Kind.FIELD
    description = "One form filled in by a device."
    fields: ClassVar = FormFields
    default_timeout = None

    def with_defaults(self, fields: FormFields, *, project: ProjectDefaults, now: Instant) -> dict[str, Any]:
        values = super().with_defaults(fields, project=project, now=now)
        # A clock ahead of ours must not make a form that was saved before it was begun.
        created = now if fields.created is None else fields.created
        if fields.created is None and fields.saved is not None:
            created = min(now, fields.saved)
        saved = max(now, created) if fields.saved is None else fields.saved
        offset = timezone_offset(fields.data)
        return values | {
            "uuid": fields.uuid or str(uuid.uuid4()),
            "created": created,
            "saved": saved,
            "timezone_offset_seconds": fields.timezone_offset_seconds if offset is None else offset,
        }

    def to_columns(self, fields: FormFields, *, project: ProjectDefaults, now: Instant) -> dict[str, Any]:
        columns = super().to_columns(fields, project=project, now=now)
        columns["details"]["received"] = now
        return columns
