"""What a project says: its own fields, once, like those of a kind."""

import re
from collections.abc import Iterator
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from models.enums import Kind
from models.ids import is_generated_id
from models.kinds import KINDS
from models.kinds.base import KindFields
from models.kinds.field_types import Language
from models.kinds.start import MAX_TIMEOUT, MIN_TIMEOUT
from models.problems import Problem

_ID_FORMAT: Final = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


def validate_project_id(text: str) -> str:
    """The text itself, where it can be the id of a project.

    Raises:
        ValueError: it has another form, or that of an id which the server makes.
    """
    if _ID_FORMAT.fullmatch(text) is None:
        raise ValueError("must be 1 to 64 letters, digits, _ and -")
    if is_generated_id(text):
        raise ValueError("has the form of an id that the server makes, such as that of a session")
    return text


class KindTimeoutFields(KindFields):
    """How long silence may last for one kind in one project."""

    kind: Kind = Field(description="The kind. AGENDA takes none.")
    seconds: Annotated[int, Field(ge=MIN_TIMEOUT, le=MAX_TIMEOUT)] | None = Field(
        default=None, description="10 to 86400 seconds; null gives the kind its own default back."
    )


class ProjectFields(KindFields):
    """The fields of a project."""

    id: Annotated[str, AfterValidator(validate_project_id)] | None = Field(
        default=None, description="The caller's own id: 1 to 64 letters, digits, `_` and `-`. It never changes."
    )
    name: Annotated[str, Field(min_length=1, max_length=255)] | None = Field(
        default=None, description="Its name, 1 to 255 characters; the id where not given."
    )
    geo_listen_enabled: bool | None = Field(
        default=None, description="Whether CLIENT sessions follow their place where their start does not say; else no."
    )
    default_language: Language | None = Field(
        default=None, description="The language of CLIENT sessions whose start names none; `en` where not given."
    )
    timeouts: Annotated[list[KindTimeoutFields], Field(max_length=100)] | None = Field(
        default=None, description="Timeouts by kind that differ from the kind's own; each kind at most once."
    )

    def find_problems(self) -> Iterator[Problem]:
        seen: set[str] = set()
        for index, timeout in enumerate(self.timeouts or []):
            path = ("timeouts", str(index))
            if timeout.kind in seen:
                yield Problem((*path, "kind"), "occurs twice")
            seen.add(timeout.kind)
            if not KINDS[timeout.kind].takes_timeout and timeout.seconds is not None:
                yield Problem((*path, "seconds"), f"{timeout.kind} sessions take no timeout")
