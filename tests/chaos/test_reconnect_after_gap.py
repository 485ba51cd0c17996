"""Who comes back after a short cut goes on where it was; who comes back too late is told so (promise 10).

Real sockets, and a clock that the test moves. `CUTS` says how many there are in the long form, 1,000 where not given.
"""

import asyncio
import os
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest

from models.clock import DAY, MINUTE, SECOND
from tests.chaos.flaky_clients import FlakyClient, RandomMutations, RestartableServer, open_server
from tests.chaos.requests import SESSION_ACTIVITIES, SubscriptionRequest
from tests.chaos.transports import TRANSPORTS
from tests.durability.invariants import open_read_only

VARIABLES: Final[tuple[dict[str, Any], ...]] = (
    {},
    {"filter": {"visible": True}},
    {"filter": {"kinds": ["USER"], "pathPrefix": ["a"]}, "heartbeats": True},
    {"filter": {"user": {"usernames": ["ann"]}, "client": {}}, "every": 20},
    {"filter": {"subjects": ["ann"], "projectIds": ["default"]}},
)


async def connect_clients(opened: RestartableServer) -> list[FlakyClient]:
    """One for each wish; they come by different ways, and have a first look."""
    marker = await opened.write_marker()
    cursor = (await opened.api.execute("{ activities(last: 1) { pageInfo { endCursor } } }"))["pageInfo"]["endCursor"]
    found = [FlakyClient(TRANSPORTS[number % len(TRANSPORTS)], wish, cursor) for number, wish in enumerate(VARIABLES)]
    for client in found:
        await client.connect_and_compare(opened, marker)
    return found


async def cut_and_reconnect(file: Path, cuts: int) -> None:
    """Cut everybody off for one to 120 seconds, so often that there are so many cuts; now and then the server, too."""
    random, mutations = Random(cuts), RandomMutations(cuts)  # noqa: S311 - repeatable, not secret
    async with open_server(file) as opened:
        found = await connect_clients(opened)
        rounds = cuts // len(found)
        for round_ in range(rounds):
            await mutations.advance(opened.api, random.randint(1, 120))
            if round_ % 10 == 5:
                await opened.close()
                await opened.open()
            marker = await opened.write_marker()
            last = round_ == rounds - 1
            await asyncio.gather(
                *(
                    one.connect_and_compare(opened, marker, until_current=last or random.random() < 0.7)
                    for one in found
                ),
                *(one.read_log_until(opened, marker) for one in found),
            )
        marker = await opened.write_marker()  # whoever looked had written down what time has done
        for client in found:
            await client.read_log_until(opened, marker)
    with open_read_only(file) as db:
        logged = [position for (position,) in db.execute("SELECT position FROM activity ORDER BY position")]
    for client in found:
        assert (client.session_set.resumed, client.session_set.snapshots) == (rounds, 1)
        since = client.log.since or 0
        received = [position for position in client.log.positions if position in set(logged)]
        assert received == [position for position in logged if position > since]


async def test_fifty_short_disconnects_need_no_snapshot(tmp_path: Path) -> None:
    async with asyncio.timeout(120):
        await cut_and_reconnect(tmp_path / "test.db", 50)


@pytest.mark.long
async def test_thousand_short_disconnects_need_no_snapshot(tmp_path: Path) -> None:
    await cut_and_reconnect(tmp_path / "test.db", int(os.environ.get("CUTS", "1000")))


async def test_clients_resume_for_seven_days(tmp_path: Path) -> None:
    async with asyncio.timeout(120), open_server(tmp_path / "test.db") as opened:
        found = await connect_clients(opened)
        for traveller in found:
            await traveller.read_log_until(opened, await opened.write_marker())
        await opened.api.advance((7 * DAY - 3 * MINUTE) / SECOND)
        for traveller in found:
            mark = await opened.write_marker()
            await traveller.connect_and_compare(opened, mark)
            await traveller.read_log_until(opened, mark)
        assert {(traveller.session_set.resumed, traveller.session_set.snapshots) for traveller in found} == {(1, 1)}
        await opened.api.advance((7 * DAY + MINUTE) / SECOND)
        await opened.api.sweep()
        mark = await opened.write_marker()
        for traveller in found:
            resync, snapshot = await traveller.first_session_items(opened, 2)
            assert (resync["__typename"], resync["reason"]) == ("FeedResync", "the cursor is more than 7 days old")
            assert [session["id"] for session in snapshot["sessions"]] == [mark]
            (resync,) = await traveller.first_items(
                opened, SubscriptionRequest(SESSION_ACTIVITIES), traveller.log.cursor, 1
            )
            assert (resync["__typename"], resync["reason"]) == ("FeedResync", "the cursor is more than 7 days old")
