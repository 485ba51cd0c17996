"""What subscribers of the live figures ask for."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final, NamedTuple

from bench.harness import Harness
from bench.servers import Server
from bench.subscribers.process import SubscriberProcess, subscribed

SESSION_COUNT: Final = 10
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


def subscription_document(fields: str, filter_: dict[str, Any]) -> dict[str, Any]:
    """A subscription to the live set."""
    query = f"""subscription Watch($filter: SessionFilter) {{
  activeSessions(filter: $filter) {{
    __typename
    ... on SessionSnapshot {{ totalCount last sessions {{ {fields} }} }}
    ... on SessionChange {{ change id at session {{ {fields} }} }}
  }}
}}"""
    return {"query": query, "variables": {"filter": filter_}}


SHARED_DOCUMENTS: Final = [subscription_document(FIELDS, {})]
DISTINCT_DOCUMENTS: Final = [subscription_document(fields, filter_) for fields in SELECTIONS for filter_ in FILTERS]
"""Twenty that have nothing in common but what happens."""


class SubscribedServer(NamedTuple):
    """A server, and those who watch it."""

    server: Server
    process: SubscriberProcess


@asynccontextmanager
async def subscribed_servers(
    harness: Harness, documents: Sequence[dict[str, Any]], count: int
) -> AsyncIterator[Sequence[SubscribedServer]]:
    """So many live watchers of each server. Raises ServerFailed, LoadFailed, MachineLacks."""
    async with AsyncExitStack() as stack:
        processes = [await stack.enter_async_context(harness.subscriber_process(count)) for _ in range(2)]
        targets = [
            SubscribedServer(*pair) for pair in zip(await harness.servers(SESSION_COUNT), processes, strict=True)
        ]
        for server, crowd in targets:
            await stack.enter_async_context(subscribed(server, crowd, documents, count))
        yield targets
