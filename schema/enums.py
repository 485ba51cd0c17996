"""GraphQL enums: those of `models.enums` with their descriptions, and the two of sorting."""

from typing import Final

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


def _define(enum_type: type[DescribedEnum], name: str) -> None:
    enum = strawberry.enum(enum_type, name=name, description=enum_type.__doc__)
    if has_enum_definition(enum):
        for value, member in zip(enum.__strawberry_definition__.values, enum_type, strict=True):
            value.description = member.description


_NAMES: Final[dict[type[DescribedEnum], str]] = {Kind: "SessionKind", State: "SessionState"}
"""Names in the schema, if they differ from those of the classes."""

for _enum in (
    *(ActivityType, EndReason, Kind, MediaEventType, OrderDirection, PlayerState),
    *(ProblemCode, Scope, SessionOrderField, SetChange, State),
):
    _define(_enum, _NAMES.get(_enum, _enum.__name__))

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
