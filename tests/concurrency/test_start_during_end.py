"""A browser that starts again while its session ends: one new session, whoever notices the end."""

import asyncio
from typing import Any

import pytest

from models.clock import DAY, MINUTE
from tests.concurrency.conftest import Site
from tests.concurrency.requests import DELETE, LISTED, START, at_once, change, ids, made, start, started, types

TIMES = 50
LEFT = 20
"""Milliseconds between the first starts and the end: some come before it, some after."""


async def ending(site: Site, cause: str) -> dict[str, Any]:
    """A session that ends in a moment for that cause."""
    (first,) = await started(site.port, start(timeoutSeconds=86_400 if cause == "age" else 60))
    session: dict[str, Any] = first["session"]
    if cause == "age":
        await site.world.advance(DAY / 2000)
        await site.world.mutate("keepaliveSession", {"id": session["id"]})
        await site.world.advance((DAY / 2 - LEFT) / 1000)
    else:
        await site.world.advance((MINUTE - LEFT) / 1000)
    return session


@pytest.mark.parametrize("cause", ["silence", "age"])
@pytest.mark.parametrize("swept", [False, True])
async def test_across_the_end_by_time_one_new_session_begins(site: Site, cause: str, swept: bool) -> None:
    old = await ending(site, cause)
    site.clock.ticks = True
    sweeping = site.world.sweep() if swept else asyncio.sleep(0)
    answers, _ = await asyncio.gather(started(site.port, *[start()] * TIMES), sweeping)
    site.clock.ticks = False
    (new,) = made(answers)
    assert ids(answers) == {old["id"], new}
    # Who was answered the old one came before its end, to the millisecond.
    lives = 86_400 if cause == "age" else 60
    assert all(a["session"]["elapsedSeconds"] < lives for a in answers if a["session"]["id"] == old["id"])
    shown = {session["id"]: session for session in (await site.world.ask(LISTED))["nodes"]}
    assert types(shown[old["id"]]) == ["STARTED", "EXPIRED"]
    assert shown[old["id"]]["endReason"] == "EXPIRED"
    assert (shown[new]["state"], types(shown[new]), len(shown)) == ("ACTIVE", ["STARTED"], 2)
    assert shown[new]["startedAt"] >= shown[old["id"]]["endedAt"]


@pytest.mark.parametrize("cause", ["stopSession", "terminateSession", "deleteSession"])
async def test_a_session_that_somebody_ends_among_the_starts_gives_way_to_one_at_most(site: Site, cause: str) -> None:
    (first,) = await started(site.port, start())
    old = first["session"]["id"]
    again = [(START, {"input": start()})] * (TIMES // 2)
    reason = {"reason": "test"} if cause == "terminateSession" else {}
    end = (DELETE, {"id": old}) if cause == "deleteSession" else (change(cause), {"input": {"id": old, **reason}})
    answers = await at_once(site.port, *again, end, *again)
    assert answers.pop(len(again))["problems"] == []
    assert len(made(answers)) <= 1
    assert ids(answers) <= {old, *made(answers)}
    last = await started(site.port, *[start()] * TIMES)
    new = {*made(answers), *made(last)}
    assert len(made(answers) + made(last)) == 1
    assert ids(last) == new
    left = (await site.world.ask(LISTED))["nodes"]
    assert {session["id"] for session in left if session["state"] == "ACTIVE"} == new
    assert len(left) == (1 if cause == "deleteSession" else 2)


async def test_a_hidden_session_is_answered_hidden(site: Site) -> None:
    (first,) = await started(site.port, start())
    await site.world.mutate("hideSession", {"id": first["session"]["id"]})
    answers = await started(site.port, *[start(visible=True)] * 5)
    assert (ids(answers), made(answers)) == ({first["session"]["id"]}, [])
    assert {answer["session"]["visible"] for answer in answers} == {False}


async def test_silence_that_was_the_server_s_own_absence_frees_no_place(site: Site) -> None:
    (first,) = await started(site.port, start())
    site.clock.value += 10 * MINUTE  # nobody was there to hear it
    answers = await started(site.port, *[start()] * TIMES)
    assert (ids(answers), made(answers)) == ({first["session"]["id"]}, [])
    assert {answer["session"]["revision"] for answer in answers} == {1}
    await site.world.advance(300)
    answers = await started(site.port, *[start()] * TIMES)
    assert len(made(answers)) == 1
