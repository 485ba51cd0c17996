"""Input of a token."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from models.clock import Instant
from models.enums import Kind, Scope
from models.kinds.base import KindFields
from models.problems import Problem


class NewTokenFields(KindFields):
    name: Annotated[str, Field(min_length=1, max_length=255)] = Field(
        description="Name of the caller that will use it, 1 to 255 characters."
    )
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=100)] = Field(
        description="Its permissions, at least one; none that the caller lacks."
    )
    project_ids: Annotated[list[str], Field(min_length=1, max_length=100)] | None = Field(
        default=None,
        description="Ids of the projects that it can access, 1 to 100; null for all, which only a caller of all "
        "projects can create.",
    )
    kinds: Annotated[list[Kind], Field(min_length=1, max_length=100)] | None = Field(
        default=None, description="Kinds of sessions that it may start; null for all."
    )
    origins: Annotated[list[str], Field(min_length=1, max_length=100)] | None = Field(
        default=None,
        description="Origins of the web pages that may use it, such as `https://app.example.org`, 1 to 100; requests "
        "without the header `Origin` are refused. Null: any program may use it.",
    )
    expires_at: Instant | None = Field(default=None, description="When it expires, in the future; null for never.")

    def find_problems(self) -> Iterator[Problem]:
        for name in ("scopes", "kinds"):
            seen = set()
            for index, value in enumerate(getattr(self, name) or ()):
                if value in seen:
                    yield Problem((name, str(index)), f"must be unique, not {value} again")
                seen.add(value)
