"""A server that is stopped for a while (SIGSTOP): streams resume, and no session ends because of it."""

import asyncio
import signal
from pathlib import Path

import pytest

from tests.durability.invariants import assert_invariants, open_read_only
from tests.durability.socket_connection import connect_socket
from tests.lifecycle.keeper import VARIANTS, keep_alive
from tests.live_server import PATIENT, connect, server_process
from tests.polling import TIMEOUT_SECONDS
from tests.transport.resilience.listeners import RawWebSocket

START = 'mutation { startSession(input: {variant: {user: {username: "ann"}}}) { session { id } problems { code } } }'
STOP = "mutation($id: ID!) { stopSession(input: {id: $id}) { problems { code } } }"
SUBSCRIBE = "subscription { sessionActivities { __typename ... on Activity { type } } }"


async def test_calls_and_streams_resume_after_suspension(tmp_path: Path) -> None:
    file = tmp_path / "test.db"
    async with asyncio.timeout(2 * TIMEOUT_SECONDS), server_process(file, **PATIENT) as process:
        subscriber = await RawWebSocket.open(process.port)
        subscriber.subscribe(SUBSCRIBE)
        first = asyncio.create_task(subscriber.receive())
        async with connect(process.port) as client:
            while not first.done():  # the subscription has begun
                id_ = (await client.ask(START))["startSession"]["session"]["id"]
            process.send_signal(signal.SIGSTOP)
            waiting = asyncio.create_task(client.ask(STOP, id=id_))
            late = asyncio.create_task(RawWebSocket.open(process.port))
            await asyncio.sleep(0)
            process.send_signal(signal.SIGCONT)
            assert (await waiting)["stopSession"]["problems"] == []
        (await late).writer.close()
        while (await subscriber.receive())["payload"]["data"]["sessionActivities"]["type"] != "STOPPED":
            pass
        subscriber.writer.close()
    assert_invariants(file)


@pytest.mark.long
async def test_minute_of_suspension_ends_no_session(tmp_path: Path) -> None:
    """Sessions time out after 10 s. Overload control is on, as in production."""
    file = tmp_path / "test.db"
    settings = {"LIMITS__OVERLOAD_WAIT_SECONDS": "0.5", "LIMITS__OVERLOAD_LAG_SECONDS": "0.5"}
    async with asyncio.timeout(600), server_process(file, **settings) as process:
        stop, subscriber = asyncio.Event(), await RawWebSocket.open(process.port)
        subscriber.subscribe(SUBSCRIBE)
        listening = asyncio.create_task(subscriber.wait_closed())
        keepers = [
            asyncio.create_task(keep_alive((connect, connect_socket)[number % 2], process.port, kind, stop))
            for number, kind in enumerate([*VARIANTS] * 4)
        ]
        await asyncio.sleep(3)
        process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(60)
        process.send_signal(signal.SIGCONT)
        await asyncio.sleep(15)
        stop.set()
        calls = await asyncio.gather(*keepers)
        assert not listening.done(), listening
        listening.cancel()
    assert min(calls) > 30
    assert_invariants(file)
    with open_read_only(file) as db:
        ends = dict(db.execute("SELECT end_reason, count(*) FROM session GROUP BY end_reason"))
    assert ends == {"STOPPED": len(keepers)}
