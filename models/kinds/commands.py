"""Inputs of the commands on an existing session."""

from collections.abc import Iterator
from typing import Annotated, Final

from pydantic import Field

from models.kinds.base import KindFields
from models.kinds.media_events import MAX_EVENTS, MediaEventFields, MediaPingFields
from models.kinds.start import PATH_DESCRIPTION, PathSegments
from models.problems import Problem


class HeartbeatFields(KindFields):
    """Fields that keepalive, hide and stop share."""

    id: str = Field(description="The id of the session.")
    path: PathSegments | None = Field(default=None, description=PATH_DESCRIPTION)
    sequence: Annotated[int, Field(ge=0)] | None = Field(
        default=None,
        description="A number, at least 0, that grows from call to call; a call that arrives after one with a "
        "larger number changes nothing.",
    )
    media: MediaPingFields | None = Field(
        default=None, description="For MEDIA sessions: the playhead and its quality of experience."
    )

    def find_problems(self) -> Iterator[Problem]:
        if self.media is not None:
            yield from (problem.prefixed("media") for problem in self.media.find_problems())


class KeepaliveFields(HeartbeatFields):
    visible: bool | None = Field(
        default=None,
        description="Whether the subject can see it now; unchanged if not given, so that a timer of a hidden tab can "
        "send keepalives.",
    )
    path: PathSegments | None = Field(default=None, description=f"{PATH_DESCRIPTION} Unchanged if not given.")


class TrackMediaFields(KindFields):
    id: str = Field(description="The id of the session, of kind MEDIA.")
    events: Annotated[list[MediaEventFields], Field(max_length=MAX_EVENTS)] = Field(
        description="At most 100 events, in any order."
    )

    def find_problems(self) -> Iterator[Problem]:
        for index, event in enumerate(self.events):
            yield from (problem.prefixed("events", str(index)) for problem in event.find_problems())


Reason = Annotated[str, Field(min_length=1, max_length=1024)]
REASON_DESCRIPTION: Final = "The reason, 1 to 1024 characters; kept in the timeline of each session."


class TerminateFields(KindFields):
    id: str = Field(description="The id of the session.")
    reason: Reason = Field(description=REASON_DESCRIPTION)


class TerminationFields(KindFields):
    reason: Reason = Field(description=REASON_DESCRIPTION)
