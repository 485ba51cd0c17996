"""Starts with a clientId while its session ends: one new session."""

import asyncio
from typing import Any

import pytest

from models.clock import DAY, MINUTE
from tests.concurrency.conftest import LiveServer
from tests.concurrency.requests import (
    DELETE,
    SESSIONS_QUERY,
    START,
    activity_types,
    created_ids,
    mutation,
    run_concurrently,
    session_ids,
    start_concurrently,
    start_input,
)

CONCURRENCY = 50
MARGIN_MS = 20
"""From the first starts to the end: some come before it, some after."""


async def session_about_to_end(server: LiveServer, cause: str) -> dict[str, Any]:
    (first,) = await start_concurrently(server.port, start_input(timeoutSeconds=86_400 if cause == "age" else 60))
    session: dict[str, Any] = first["session"]
    if cause == "age":
        await server.api.advance(DAY / 2000)
        await server.api.mutate("keepaliveSession", {"id": session["id"]})
        await server.api.advance((DAY / 2 - MARGIN_MS) / 1000)
    else:
        await server.api.advance((MINUTE - MARGIN_MS) / 1000)
    return session


@pytest.mark.parametrize("cause", ["silence", "age"])
@pytest.mark.parametrize("swept", [False, True])
async def test_starts_around_expiry_create_one_session(server: LiveServer, cause: str, swept: bool) -> None:
    old = await session_about_to_end(server, cause)
    server.clock.ticks = True
    sweeping = server.api.sweep() if swept else asyncio.sleep(0)
    answers, _ = await asyncio.gather(start_concurrently(server.port, *[start_input()] * CONCURRENCY), sweeping)
    server.clock.ticks = False
    (new,) = created_ids(answers)
    assert session_ids(answers) == {old["id"], new}
    # Starts that returned the old session came before its end, to the millisecond.
    lives = 86_400 if cause == "age" else 60
    assert all(a["session"]["elapsedSeconds"] < lives for a in answers if a["session"]["id"] == old["id"])
    shown = {session["id"]: session for session in (await server.api.execute(SESSIONS_QUERY))["nodes"]}
    assert activity_types(shown[old["id"]]) == ["STARTED", "EXPIRED"]
    assert shown[old["id"]]["endReason"] == "EXPIRED"
    assert (shown[new]["state"], activity_types(shown[new]), len(shown)) == ("ACTIVE", ["STARTED"], 2)
    assert shown[new]["startedAt"] >= shown[old["id"]]["endedAt"]


@pytest.mark.parametrize("cause", ["stopSession", "terminateSession", "deleteSession"])
async def test_starts_around_stop_create_one_session(server: LiveServer, cause: str) -> None:
    (first,) = await start_concurrently(server.port, start_input())
    old = first["session"]["id"]
    again = [(START, {"input": start_input()})] * (CONCURRENCY // 2)
    reason = {"reason": "test"} if cause == "terminateSession" else {}
    end = (DELETE, {"id": old}) if cause == "deleteSession" else (mutation(cause), {"input": {"id": old, **reason}})
    answers = await run_concurrently(server.port, *again, end, *again)
    assert answers.pop(len(again))["problems"] == []
    assert len(created_ids(answers)) <= 1
    assert session_ids(answers) <= {old, *created_ids(answers)}
    last = await start_concurrently(server.port, *[start_input()] * CONCURRENCY)
    new = {*created_ids(answers), *created_ids(last)}
    assert len(created_ids(answers) + created_ids(last)) == 1
    assert session_ids(last) == new
    left = (await server.api.execute(SESSIONS_QUERY))["nodes"]
    assert {session["id"] for session in left if session["state"] == "ACTIVE"} == new
    assert len(left) == (1 if cause == "deleteSession" else 2)
