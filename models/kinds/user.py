"""USER: a person's use of a web UI (Canopsis, `sessionstart`, `keepalive`, `session-hide`)."""

from typing import Annotated, ClassVar, Final

from pydantic import Field

from models.clock import HOUR
from models.enums import EndReason, Kind
from models.kinds.base import Column, Deadline, KindFields, KindRules, ServerDefault

MAX_AGE: Final = 24 * HOUR


class UserFields(KindFields):
    username: Annotated[str | None, Field(min_length=1, max_length=256), ServerDefault(), Column("subject")] = Field(
        default=None,
        description="Name of the user, 1 to 256 characters; also its `subject`. Default: the name in the "
        "caller's JSON Web Token; required where it has none.",
    )
    client_id: Annotated[str | None, Field(min_length=16, max_length=128), Column("client_id")] = Field(
        default=None,
        description="One browser or login of that user: 16 to 128 characters, generated at random by the client "
        "and kept secret. A start with the client id of an active session returns that session.",
    )


class UserRules(KindRules):
    kind = Kind.USER
    description = Kind.USER.description
    fields: ClassVar = UserFields
    default_timeout = 300
    deadlines = (Deadline("started_at", MAX_AGE, EndReason.EXPIRED, extends_after_downtime=False),)
