"""What subscribers of the live figures ask for."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final, NamedTuple

from bench.harness import Ground
from bench.servers import Server
from bench.subscribers.process import CrowdProcess, watching

SESSIONS: Final = 10
"""That are active, and move by turns."""

FIELDS: Final = "id kind state subject visible path startedAt lastSeenAt"
SELECTIONS: Final = (FIELDS, "id path", "id subject state path lastSeenAt", "id kind visible path startedAt")
FILTERS: Final[tuple[dict[str, Any], ...]] = (
    {},
    {"visible": True},
    {"kinds": ["CLIENT", "USER"]},
    {"states": ["ACTIVE"]},
    {"kinds": ["USER", "CLIENT"], "visible": True},
)
"""Every session that moves passes all of them."""


def document(fields: str, filter_: dict[str, Any]) -> dict[str, Any]:
    """A subscription to the live set."""
    query = f"""subscription Watch($filter: SessionFilter) {{
  activeSessions(filter: $filter) {{
    __typename
    ... on SessionSnapshot {{ totalCount last sessions {{ {fields} }} }}
    ... on SessionChange {{ change id at session {{ {fields} }} }}
  }}
}}"""
    return {"query": query, "variables": {"filter": filter_}}


EQUAL: Final = [document(FIELDS, {})]
DIFFERENT: Final = [document(fields, filter_) for fields in SELECTIONS for filter_ in FILTERS]
"""Twenty that have nothing in common but what happens."""


class Audience(NamedTuple):
    """A server, and those who watch it."""

    server: Server
    crowd: CrowdProcess


@asynccontextmanager
async def audiences(
    ground: Ground, documents: Sequence[dict[str, Any]], count: int
) -> AsyncIterator[Sequence[Audience]]:
    """So many live watchers of each server. Raises ServerFailed, LoadFailed, MachineLacks."""
    async with AsyncExitStack() as stack:
        crowds = [await stack.enter_async_context(ground.crowd(count)) for _ in range(2)]
        found = [Audience(*pair) for pair in zip(await ground.servers(SESSIONS), crowds, strict=True)]
        for server, crowd in found:
            await stack.enter_async_context(watching(server, crowd, documents, count))
        yield found
