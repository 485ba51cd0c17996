"""Browsers of users that call at once, each over a connection of its own."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

from tests.server_process import Wire, wire

SHOWN: Final = """__typename id kind state visible path subject externalId startedAt lastSeenAt expiresAt endedAt
    endReason createdAt updatedAt revision timeoutSeconds elapsedSeconds visibleSeconds metadata
    pathTimes { path visibleSeconds } project { id } previous { id } ... on UserSession { username clientId }
    activities(first: 9) { edges { node { id type at data } } }"""
"""Everything that a session shows."""


def change(field: str, shown: str = SHOWN) -> str:
    """The document of a mutation that takes an input and answers a session."""
    created = "created" if field == "startSession" else ""
    return f"""mutation($input: {field[0].upper()}{field[1:]}Input!) {{ {field}(input: $input) {{
        {created} keepaliveSeconds problems {{ code path }} session {{ {shown} }} }} }}"""


START: Final = change("startSession")
DELETE: Final = "mutation($id: ID!) { deleteSession(id: $id) { problems { code } } }"
LISTED: Final = f"""query($filter: SessionFilter) {{ sessions(filter: $filter, first: 50) {{
    totalCount nodes {{ {SHOWN} }} }} }}"""


def start(username: str = "ann", browser: str = "c", **common: Any) -> dict[str, Any]:
    """The input of a start by a browser, whose `clientId` begins with what is said here."""
    return {"variant": {"user": {"username": username, "clientId": browser.ljust(16, "-")}}, **common}


@asynccontextmanager
async def wires(port: int, count: int) -> AsyncIterator[list[Wire]]:
    """Connections to the server on that port."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(wire(port)) for _ in range(count)]


async def at_once(port: int, *calls: tuple[str, Mapping[str, Any]]) -> list[Any]:
    """The answers to documents with their variables that are sent together."""
    async with wires(port, len(calls)) as lines:
        answers = await asyncio.gather(
            *(line.ask(document, **variables) for line, (document, variables) in zip(lines, calls, strict=True))
        )
    return [next(iter(answer.values())) for answer in answers]


async def started(port: int, *inputs: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The answers to starts that are sent together."""
    return await at_once(port, *((START, {"input": given}) for given in inputs))


def ids(answers: Sequence[Mapping[str, Any]]) -> set[str]:
    """The sessions that starts answered."""
    return {answer["session"]["id"] for answer in answers}


def made(answers: Sequence[Mapping[str, Any]]) -> list[str]:
    """The sessions that starts say they made."""
    return [answer["session"]["id"] for answer in answers if answer["created"]]


def types(session: Mapping[str, Any]) -> list[str]:
    """What its timeline says happened."""
    return [edge["node"]["type"] for edge in session["activities"]["edges"]]
