"""USER: a person's use of a web UI (Canopsis, `sessionstart`, `keepalive`, `session-hide`)."""

from typing import Annotated, ClassVar, Final

from pydantic import Field

from models.clock import HOUR
from models.enums import EndReason, Kind
from models.kinds.base import Column, Deadline, KindFields, KindRules, ServerDefault

USER_LIFE: Final = 24 * HOUR


class UserFields(KindFields):
    username: Annotated[str | None, Field(min_length=1, max_length=256), ServerDefault(), Column("subject")] = Field(
        default=None,
        description="The name of the user, 1 to 256 characters; also its `subject`. The caller's own name "
        "where not given and the caller has one.",
    )
    client_id: Annotated[str | None, Field(min_length=16, max_length=128), Column("client_id")] = Field(
        default=None,
        description="One browser or login of that user: 16 to 128 characters that the client makes at random "
        "and keeps to itself. Starting again while such a session is active answers that one.",
    )


class UserRules(KindRules):
    kind = Kind.USER
    description = "A person's use of a web UI."
    fields: ClassVar = UserFields
    default_timeout = 300
    deadlines = (Deadline("started_at", USER_LIFE, EndReason.EXPIRED, extends_after_downtime=False),)
