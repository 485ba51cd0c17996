"""GraphQL enums: those of `models.enums` with their descriptions, and those of arguments."""

from typing import Final

import strawberry
from strawberry.types.enum import has_enum_definition

from models.enums import (
    ActivityType,
    AuditAction,
    DescribedEnum,
    EndReason,
    Kind,
    MediaEventType,
    PlayerState,
    ProblemCode,
    Scope,
    SetChange,
    State,
)


class SessionOrderField(DescribedEnum):
    """Fields that sessions can be sorted by."""

    STARTED_AT = "STARTED_AT", "Start, or scheduled start."
    LAST_SEEN_AT = "LAST_SEEN_AT", "Last call of its client."
    ENDED_AT = "ENDED_AT", "End; sessions that have not ended count as the latest."
    CREATED_AT = "CREATED_AT", "Creation."


class OrderDirection(DescribedEnum):
    """Sort direction."""

    ASC = "ASC", "Earliest first."
    DESC = "DESC", "Latest first."


class SessionGroupField(DescribedEnum):
    """Fields that sessions can be grouped by."""

    CLIENT_SYSTEM = "CLIENT_SYSTEM", "`clientSystem` of CLIENT sessions."
    LANGUAGE = "LANGUAGE", "`language` of CLIENT sessions."
    GUIDE = "GUIDE", "`guide` of AGENDA sessions."
    SCHEDULE_TRACK = "SCHEDULE_TRACK", "`scheduleTracks` of AGENDA sessions; one of several tracks counts in each."
    MEDIA_ID = "MEDIA_ID", "`mediaId` of MEDIA sessions."
    CHANNEL = "CHANNEL", "`channel` of MEDIA sessions."
    CONTENT_TYPE = "CONTENT_TYPE", "`contentType` of MEDIA sessions."
    PLAYER_STATE = "PLAYER_STATE", "`playerState` of MEDIA sessions."
    UNIT_ID = "UNIT_ID", "`unitId` of FIELD sessions."
    USERNAME = "USERNAME", "`username` of USER sessions."


class StatsOrder(DescribedEnum):
    """Measures that groups can be sorted by, the largest first; ties by value."""

    TOTAL = "TOTAL", "Number of sessions."
    ACTIVE = "ACTIVE", "Number of active sessions."
    VISIBLE_SECONDS = "VISIBLE_SECONDS", "Total visible time."


def _define(enum_type: type[DescribedEnum], name: str) -> None:
    enum = strawberry.enum(enum_type, name=name, description=enum_type.__doc__)
    if has_enum_definition(enum):
        for value, member in zip(enum.__strawberry_definition__.values, enum_type, strict=True):
            value.description = member.description


_NAMES: Final[dict[type[DescribedEnum], str]] = {Kind: "SessionKind", State: "SessionState"}
"""Names in the schema, if they differ from those of the classes."""

for _enum in (
    *(ActivityType, AuditAction, EndReason, Kind, MediaEventType, OrderDirection, PlayerState),
    *(ProblemCode, Scope, SessionGroupField, SessionOrderField, SetChange, State, StatsOrder),
):
    _define(_enum, _NAMES.get(_enum, _enum.__name__))

__all__ = [
    "ActivityType",
    "AuditAction",
    "EndReason",
    "Kind",
    "MediaEventType",
    "OrderDirection",
    "PlayerState",
    "ProblemCode",
    "Scope",
    "SessionGroupField",
    "SessionOrderField",
    "SetChange",
    "State",
    "StatsOrder",
]
