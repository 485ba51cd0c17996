"""Concurrent requests of clients with one connection each."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

from tests.live_server import HttpConnection, connect

SESSION_FIELDS: Final = """
    __typename id kind state visible path subject externalId startedAt lastSeenAt expiresAt endedAt
    endReason createdAt updatedAt revision timeoutSeconds elapsedSeconds visibleSeconds metadata
    pathTimes { path visibleSeconds } project { id } previous { id } ... on UserSession { username clientId }
    activities(first: 9) { edges { node { id type at data } } }"""
"""All fields of a session."""


def mutation(field: str, fields: str = SESSION_FIELDS) -> str:
    created = "created" if field == "startSession" else ""
    return f"""mutation($input: {field[0].upper()}{field[1:]}Input!) {{ {field}(input: $input) {{
        {created} keepaliveSeconds problems {{ code path }} session {{ {fields} }} }} }}"""


START: Final = mutation("startSession")
DELETE: Final = "mutation($id: ID!) { deleteSession(id: $id) { problems { code } } }"
SESSIONS_QUERY: Final = f"""query($filter: SessionFilter) {{ sessions(filter: $filter, first: 50) {{
    totalCount nodes {{ {SESSION_FIELDS} }} }} }}"""


def start_input(username: str = "ann", browser: str = "c", **common: Any) -> dict[str, Any]:
    """Build a start of a USER session, whose clientId starts with `browser`."""
    return {"variant": {"user": {"username": username, "clientId": browser.ljust(16, "-")}}, **common}


@asynccontextmanager
async def connections(port: int, count: int) -> AsyncIterator[list[HttpConnection]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(connect(port)) for _ in range(count)]


async def run_concurrently(port: int, *calls: tuple[str, Mapping[str, Any]]) -> list[Any]:
    async with connections(port, len(calls)) as opened:
        answers = await asyncio.gather(
            *(
                connection.ask(document, **variables)
                for connection, (document, variables) in zip(opened, calls, strict=True)
            )
        )
    return [next(iter(answer.values())) for answer in answers]


async def start_concurrently(port: int, *inputs: Mapping[str, Any]) -> list[dict[str, Any]]:
    return await run_concurrently(port, *((START, {"input": input_}) for input_ in inputs))


def session_ids(answers: Sequence[Mapping[str, Any]]) -> set[str]:
    return {answer["session"]["id"] for answer in answers}


def created_ids(answers: Sequence[Mapping[str, Any]]) -> list[str]:
    return [answer["session"]["id"] for answer in answers if answer["created"]]


def activity_types(session: Mapping[str, Any]) -> list[str]:
    return [edge["node"]["type"] for edge in session["activities"]["edges"]]
