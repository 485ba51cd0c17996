"""CLIENT: one launch of a client app (Roundware, `POST /api/2/sessions/`)."""

from typing import Annotated, Any, ClassVar

from pydantic import Field, StringConstraints

from models.clock import Instant
from models.enums import Kind
from models.kinds.base import Column, KindFields, KindRules, ProjectDefaults, ServerDefault
from models.kinds.field_types import Language, Timezone


class ClientFields(KindFields):
    client_system: Annotated[str, StringConstraints(min_length=1, max_length=128), Column("client_system")] = Field(
        description="System that the app runs on, such as `iOS 8.1`; 1 to 128 characters."
    )
    client_type: Annotated[str, StringConstraints(max_length=128)] | None = Field(
        default=None, description="Type of device, such as `iPhone`; at most 128 characters."
    )
    device_id: Annotated[str | None, Field(max_length=36), Column("subject")] = Field(
        default=None, description="The app's id of the device, at most 36 characters; also its `subject`."
    )
    demo_stream_enabled: Annotated[bool, Column("demo_stream_enabled")] = Field(
        default=False, description="Whether the app plays the demonstration stream."
    )
    geo_listen_enabled: Annotated[bool | None, ServerDefault(), Column("geo_listen_enabled")] = Field(
        default=None, description="Whether the app plays by location; default: the project's setting."
    )
    language: Annotated[Language | None, ServerDefault(), Column("language")] = Field(
        default=None,
        description="Language of the app, a 2-letter ISO 639-1 code in any case; a region is removed "
        "(`fr-CA` is `fr`). Default: the project's language.",
    )
    timezone: Annotated[Timezone | None, ServerDefault()] = Field(
        default=None,
        description="Time zone of the device, stored as sent: `±HHMM`, `HHMM`, `±HH:MM`, `Z` or an IANA name. "
        "Default: `0000`.",
    )


class ClientRules(KindRules):
    kind = Kind.CLIENT
    description = Kind.CLIENT.description
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
