"""GraphQL enums: those of `models.enums` with their descriptions, and the two of sorting."""

import strawberry
from strawberry.types.enum import has_enum_definition

from models.enums import (
    ActivityType,
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


def _define(enum_type: type[DescribedEnum], *, name: str) -> None:
    enum = strawberry.enum(enum_type, name=name, description=enum_type.__doc__)
    if has_enum_definition(enum):
        for value, member in zip(enum.__strawberry_definition__.values, enum_type, strict=True):
            value.description = member.description


_define(ActivityType, name="ActivityType")
_define(EndReason, name="EndReason")
_define(Kind, name="SessionKind")
_define(MediaEventType, name="MediaEventType")
_define(OrderDirection, name="OrderDirection")
_define(PlayerState, name="PlayerState")
_define(ProblemCode, name="ProblemCode")
_define(Scope, name="Scope")
_define(SessionOrderField, name="SessionOrderField")
_define(SetChange, name="SetChange")
_define(State, name="SessionState")

__all__ = [
    "ActivityType",
    "EndReason",
    "Kind",
    "MediaEventType",
    "OrderDirection",
    "PlayerState",
    "ProblemCode",
    "Scope",
    "SessionOrderField",
    "SetChange",
    "State",
]
