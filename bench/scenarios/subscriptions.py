"""Subscription documents, and servers with live subscribers."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

from bench.harness import Harness
from bench.peers import SUBSCRIPTION_SPECS
from bench.servers import ServerSpec
from bench.subscribers.subscribed import SubscribedServer, subscribed
from bench.system_info import raise_fd_limit

RESERVED_FDS: Final = 500
"""Open files of a process beside its sockets."""
SESSION_COUNT: Final = 10
"""Active sessions, which move in turn."""

FIELDS: Final = "id kind state subject visible path startedAt lastSeenAt"
SELECTIONS: Final = (FIELDS, "id path", "id subject state path lastSeenAt", "id kind visible path startedAt")
FILTERS: Final[tuple[dict[str, Any], ...]] = (
    {},
    {"visible": True},
    {"kinds": ["CLIENT", "USER"]},
    {"states": ["ACTIVE"]},
    {"kinds": ["USER", "CLIENT"], "visible": True},
)
"""Every seeded session matches all of them."""


def subscription_document(fields: str, argument: str = "filter: SessionFilter", cursor: str = "") -> str:
    """Return a subscription with one argument. The baseline knows no cursors."""
    name = argument.partition(":")[0]
    return f"""subscription Watch(${argument}) {{
  activeSessions({name}: ${name}) {{
    __typename
    ... on SessionSnapshot {{ totalCount last {cursor} sessions {{ {fields} }} }}
    ... on SessionChange {{ change id at {cursor} session {{ {fields} }} }}
  }}
}}"""


def _document(fields: str, filter_: dict[str, Any]) -> dict[str, Any]:
    return {"query": subscription_document(fields), "variables": {"filter": filter_}}


SHARED_DOCUMENTS: Final = [_document(FIELDS, {})]
DISTINCT_DOCUMENTS: Final = [_document(fields, filter_) for fields in SELECTIONS for filter_ in FILTERS]
"""Twenty that a server cannot share with each other."""


RESUMABLE_DOCUMENTS: Final[list[dict[str, Any]]] = [
    {"query": subscription_document(FIELDS, "after: String", "cursor"), "variables": {}}
]


def allow_subscribers(count: int) -> int:
    """Let this process and its servers open `count` sockets, and return it. Raises ResourceLimitError."""
    raise_fd_limit(count + RESERVED_FDS)
    return count


@asynccontextmanager
async def subscribed_servers(
    harness: Harness, documents: Sequence[dict[str, Any]], count: int, specs: Sequence[ServerSpec] = SUBSCRIPTION_SPECS
) -> AsyncIterator[Sequence[SubscribedServer]]:
    """Keep `count` live subscribers of each server. Raises ServerFailed, LoadFailed, ResourceLimitError."""
    allow_subscribers(len(specs) * count)
    async with AsyncExitStack() as stack:
        servers = await harness.servers(SESSION_COUNT, specs)
        yield [await stack.enter_async_context(subscribed(server, documents, count)) for server in servers]
