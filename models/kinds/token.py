"""Input of a token."""

from collections.abc import Iterator
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from models.clock import Instant
from models.enums import Kind, Scope
from models.kinds.base import KindFields
from models.kinds.field_types import Origin
from models.problems import Problem, quote

MAX_ITEMS: Final = 100
"""Of each list."""


def _validate_name(name: str) -> str:
    # Lists of tokens are read in terminals, and by it an administrator recognises the caller.
    if not name.isprintable() or name != name.strip():
        raise ValueError(f"must have printable characters, and no spaces around them, not {quote(name)}")
    return name


class NewTokenFields(KindFields):
    name: Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_validate_name)] = Field(
        description="Name of the caller that will use it, 1 to 255 printable characters; it need not be unique."
    )
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=MAX_ITEMS)] = Field(
        description="Its permissions, at least one: only those of the caller."
    )
    project_ids: Annotated[list[str], Field(min_length=1, max_length=MAX_ITEMS)] | None = Field(
        default=None,
        description="Ids of the projects that it can access, 1 to 100: only those of the caller. Null for all, if the "
        "caller can access all.",
    )
    kinds: Annotated[list[Kind], Field(min_length=1, max_length=MAX_ITEMS)] | None = Field(
        default=None,
        description="Kinds of sessions that it may start: only those that the caller may. Null for all, if the caller "
        "may start all.",
    )
    origins: Annotated[list[Origin], Field(min_length=1, max_length=MAX_ITEMS)] | None = Field(
        default=None,
        description="Origins of the web pages that may use it, such as `https://app.example.org` or "
        "`https://*.example.org` for all subdomains, 1 to 100. Their pages can use the server with this token whatever "
        "`ALLOWED_ORIGINS` says. Requests with another header `Origin`, or without one, are refused; only browsers see "
        "to it that the header is true. Null: any program may use it. A caller with a token of some origins can create "
        "tokens of these only.",
    )
    expires_at: Instant | None = Field(
        default=None,
        description="When it expires, in the future, and not after the token that creates it. Null for never, if that "
        "never expires.",
    )

    def find_problems(self) -> Iterator[Problem]:
        lists = {"scopes": self.scopes, "projectIds": self.project_ids, "kinds": self.kinds, "origins": self.origins}
        for name, values in lists.items():
            seen = set()
            for index, value in enumerate(values or ()):
                if value in seen:
                    yield Problem((name, str(index)), f"must be unique, not {quote(value)} again")
                seen.add(value)
