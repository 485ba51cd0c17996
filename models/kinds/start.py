"""What every start may say, whatever its kind."""

from collections.abc import Iterator
from typing import Annotated, Final

from pydantic import Field

from models.json import canonical, depth
from models.kinds.base import JsonObject, KindFields
from models.problems import Problem

MIN_TIMEOUT: Final = 10
MAX_TIMEOUT: Final = 86_400
MAX_METADATA_BYTES: Final = 16 * 1024
MAX_METADATA_DEPTH: Final = 8

PathSegments = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=512)]],
    Field(max_length=8),
]


class StartFields(KindFields):
    """The fields of a start that all kinds share."""

    project_id: str | None = Field(
        default=None, description="The project; the caller's only one where not given, else `default`."
    )
    external_id: Annotated[str, Field(min_length=1, max_length=255)] | None = Field(
        default=None, description="The caller's own id of the session, 1 to 255 characters."
    )
    idempotency_key: Annotated[str, Field(min_length=1, max_length=255)] | None = Field(
        default=None,
        description="1 to 255 characters, kept for 24 hours. Repeating a start with the same key and the same "
        "input returns the first session; with other input it is a CONFLICT.",
    )
    previous_id: str | None = Field(
        default=None,
        description="The session that this one carries on from: of the same project and kind.",
    )
    timeout_seconds: Annotated[int, Field(ge=MIN_TIMEOUT, le=MAX_TIMEOUT)] | None = Field(
        default=None,
        description="The silence that ends the session, 10 to 86400 seconds; the project's or the kind's own "
        "where not given. AGENDA takes none.",
    )
    visible: bool = Field(default=True, description="Whether the session is visible at first.")
    path: PathSegments | None = Field(
        default=None,
        description="Where the subject is, outermost first: at most 8 segments of 1 to 512 characters.",
    )
    metadata: JsonObject | None = Field(
        default=None, description="Anything of your own: an object of at most 16 KiB and 8 levels."
    )

    def find_problems(self) -> Iterator[Problem]:
        if self.metadata is None:
            return
        if depth(self.metadata) > MAX_METADATA_DEPTH:
            yield Problem(("metadata",), f"must not be nested deeper than {MAX_METADATA_DEPTH} levels")
        elif len(canonical(self.metadata)) > MAX_METADATA_BYTES:
            yield Problem(("metadata",), "must be at most 16 KiB of JSON")
