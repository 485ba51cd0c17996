"""Input of a project."""

import re
from collections.abc import Iterator
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from models.enums import Kind
from models.ids import is_generated_id
from models.kinds import KINDS
from models.kinds.base import KindFields, Unit
from models.kinds.field_types import Language
from models.kinds.start import MAX_TIMEOUT, MIN_TIMEOUT
from models.problems import Problem, quote

DEFAULT_PROJECT: Final = "default"
"""Id of the project of starts that name none, by callers of several projects. It cannot be deleted."""
PROJECT_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


NOT_NULLABLE: Final = frozenset({"name", "geo_listen_enabled", "default_language"})
"""Fields that an update may change but not clear."""


def validate_project_id(text: str) -> str:
    if PROJECT_ID.fullmatch(text) is None:
        raise ValueError(f"must have 1 to 64 letters, digits, _ and -, and nothing else, not {quote(text)}")
    if is_generated_id(text):
        # `node(id:)` goes by the prefix of an id.
        raise ValueError(
            f"must not look like an id that the server makes, such as that of a session, not {quote(text)}"
        )
    return text


class KindTimeoutFields(KindFields):
    kind: Kind = Field(description="The kind; not AGENDA, which has no timeout.")
    seconds: Annotated[int, Field(ge=MIN_TIMEOUT, le=MAX_TIMEOUT), Unit("seconds")] | None = Field(
        default=None, description="Timeout in seconds, 10 to 86400; null restores the kind's default."
    )


class ProjectFields(KindFields):
    id: str = Field(description="The id of the project.")
    name: Annotated[str, Field(min_length=1, max_length=255)] | None = Field(
        default=None, description="Name, 1 to 255 characters. Default: the id."
    )
    geo_listen_enabled: bool | None = Field(
        default=None, description="Default of `geoListenEnabled` for CLIENT sessions; false if not set."
    )
    default_language: Language | None = Field(
        default=None, description="Default language of CLIENT sessions; `en` if not set."
    )
    timeouts: Annotated[list[KindTimeoutFields], Field(max_length=100)] | None = Field(
        default=None, description="Timeouts that differ from the kinds' defaults; each kind at most once."
    )

    def find_problems(self) -> Iterator[Problem]:
        for name in NOT_NULLABLE & self.model_fields_set:
            if getattr(self, name) is None:
                alias = str(type(self).model_fields[name].alias)
                yield Problem((alias,), "must not be null: it can be changed, not cleared")
        seen: set[str] = set()
        for index, timeout in enumerate(self.timeouts or []):
            path = ("timeouts", str(index))
            if timeout.kind in seen:
                yield Problem((*path, "kind"), f"must be unique, not {timeout.kind} again")
            seen.add(timeout.kind)
            if not KINDS[timeout.kind].takes_timeout and timeout.seconds is not None:
                yield Problem((*path, "seconds"), f"must not be set for {timeout.kind}: it has no timeout")


class NewProjectFields(ProjectFields):
    id: Annotated[str, AfterValidator(validate_project_id)] = Field(
        description="Id chosen by the caller: 1 to 64 letters, digits, `_` and `-`. It never changes."
    )
