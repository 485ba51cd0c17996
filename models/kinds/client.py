"""CLIENT: one launch of a client app (Roundware, `POST /api/2/sessions/`)."""

from typing import Annotated, Any, ClassVar

from pydantic import Field, StringConstraints

from models.clock import Instant
from models.enums import Kind
from models.kinds.base import Column, KindFields, KindRules, ProjectDefaults, ServerDefault
from models.kinds.field_types import Language
from models.kinds.timezone import Timezone


class ClientFields(KindFields):
    client_system: Annotated[str, StringConstraints(min_length=1, max_length=128), Column("client_system")] = Field(
        description="The system the app runs on, such as `iOS 8.1`; 1 to 128 characters."
    )
    client_type: Annotated[str, StringConstraints(max_length=128)] | None = Field(
        default=None, description="The type of device, such as `iPhone`; at most 128 characters."
    )
    device_id: Annotated[str | None, Field(max_length=36), Column("subject")] = Field(
        default=None, description="The app's own id of the device; at most 36 characters. It is the subject."
    )
    demo_stream_enabled: Annotated[bool, Column("demo_stream_enabled")] = Field(
        default=False, description="Whether the app plays the demonstration stream."
    )
    geo_listen_enabled: Annotated[bool | None, ServerDefault(), Column("geo_listen_enabled")] = Field(
        default=None, description="Whether the app follows its place; the project's setting where not given."
    )
    language: Annotated[Language | None, ServerDefault(), Column("language")] = Field(
        default=None,
        description="The app's language, a 2-letter ISO 639-1 code in any case; a region is cut off "
        "(`fr-CA` is `fr`); the project's default where not given.",
    )
    timezone: Annotated[Timezone | None, ServerDefault()] = Field(
        default=None,
        description="The time zone of the device, kept as given: `±HHMM`, `HHMM`, `±HH:MM`, `Z` or an IANA "
        "name; `0000` where not given.",
    )


class ClientRules(KindRules):
    kind = Kind.CLIENT
    description = "One launch of a client app, until it is closed."
    fields: ClassVar = ClientFields
    default_timeout = 1800

    def with_defaults(self, fields: Any, *, project: ProjectDefaults, now: Instant) -> dict[str, Any]:
        values = super().with_defaults(fields, project=project, now=now)
        if values["geo_listen_enabled"] is None:
            values["geo_listen_enabled"] = project.geo_listen_enabled
        return values | {
            "language": values["language"] or project.language,
            "timezone": values["timezone"] or "0000",
        }
