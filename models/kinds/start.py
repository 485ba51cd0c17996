"""Input of a start: the fields that all kinds share."""

from collections.abc import Iterator
from typing import Annotated, Final

from pydantic import Field

from models.json import canonical, depth
from models.kinds.base import JsonObject, KindFields, Unit
from models.problems import Problem

MIN_TIMEOUT: Final = 10
MAX_TIMEOUT: Final = 86_400
MAX_METADATA_BYTES: Final = 16 * 1024
MAX_METADATA_DEPTH: Final = 8

PathSegments = Annotated[list[Annotated[str, Field(min_length=1, max_length=512)]], Field(max_length=8)]
PATH_DESCRIPTION: Final = (
    "Page or place of the subject, outermost segment first: at most 8 segments of 1 to 512 characters."
)


class StartFields(KindFields):
    project_id: str | None = Field(
        default=None, description="Id of the project. Default: the caller's only project, else `default`."
    )
    external_id: Annotated[str, Field(min_length=1, max_length=255)] | None = Field(
        default=None, description="The caller's id of the session, 1 to 255 characters."
    )
    idempotency_key: Annotated[str, Field(min_length=1, max_length=255)] | None = Field(
        default=None,
        description="1 to 255 characters, kept for 24 hours. A start that is repeated with the same key and input "
        "returns the first session; with another input it is a CONFLICT.",
    )
    previous_id: str | None = Field(
        default=None,
        description="Id of the session that this one continues, of the same project and kind.",
    )
    timeout_seconds: Annotated[int, Field(ge=MIN_TIMEOUT, le=MAX_TIMEOUT), Unit("seconds")] | None = Field(
        default=None,
        description="Seconds without a call after which the session ends, 10 to 86400. Default: that of the "
        "project, else that of the kind. Not for AGENDA.",
    )
    visible: bool = Field(
        default=True,
        description="Whether its subject can see it at the start; for AGENDA, whether the item is published.",
    )
    path: PathSegments | None = Field(default=None, description=PATH_DESCRIPTION)
    metadata: JsonObject | None = Field(default=None, description="Any JSON object of at most 16 KiB and 8 levels.")

    def find_problems(self) -> Iterator[Problem]:
        if self.metadata is None:
            return
        if (levels := depth(self.metadata)) > MAX_METADATA_DEPTH:
            yield Problem(("metadata",), f"must be nested in at most {MAX_METADATA_DEPTH} levels, not {levels}")
        elif (size := len(canonical(self.metadata))) > MAX_METADATA_BYTES:
            yield Problem(("metadata",), f"must have at most 16 KiB of JSON ({MAX_METADATA_BYTES} bytes), not {size}")
