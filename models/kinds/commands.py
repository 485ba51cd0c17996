"""What the calls that name a session may say."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from models.kinds.base import KindFields
from models.kinds.media_events import MAX_EVENTS, MediaEventFields, MediaPingFields
from models.kinds.start import PathSegments
from models.problems import Problem


class HeartbeatFields(KindFields):
    """The fields that keepalive, hide and stop share."""

    id: str = Field(description="The session.")
    path: PathSegments | None = Field(
        default=None, description="At most 8 segments of 1 to 512 characters, outermost first."
    )
    sequence: Annotated[int, Field(ge=0)] | None = Field(
        default=None,
        description="A number, at least 0, that the client lets grow from call to call; a call that arrives behind "
        "a later one changes nothing.",
    )
    media: MediaPingFields | None = Field(default=None, description="For MEDIA sessions: where the player is.")

    def find_problems(self) -> Iterator[Problem]:
        if self.media is not None:
            yield from (problem.prefixed("media") for problem in self.media.find_problems())


class KeepaliveFields(HeartbeatFields):
    """What a keepalive may say."""

    visible: bool = Field(default=True, description="Whether the subject can see it now.")


class TrackMediaFields(KindFields):
    """What the player of a MEDIA session reports."""

    id: str = Field(description="The session, of kind MEDIA.")
    events: Annotated[list[MediaEventFields], Field(max_length=MAX_EVENTS)] = Field(
        description="At most 100 events, in any order."
    )

    def find_problems(self) -> Iterator[Problem]:
        for index, event in enumerate(self.events):
            yield from (problem.prefixed("events", str(index)) for problem in event.find_problems())


class TerminateFields(KindFields):
    """What a termination must say."""

    id: str = Field(description="The session.")
    reason: Annotated[str, Field(min_length=1, max_length=1024)] = Field(
        description="Why, 1 to 1024 characters; kept on the session's timeline."
    )
