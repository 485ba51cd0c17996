"""Many who come at once, as after a restart: they take turns, and nobody is sent away for having had to wait."""

import asyncio

from tests.polling import until
from tests.transport.fake_app import limited
from tests.transport.subscriptions.fake_source import Log
from tests.transport.subscriptions.stream_server import Server, body, codes
from transport.subscriptions import Answer, Closing, dispatcher

SLOW = "subscription($after:String){told(after:$after){number slow}}"


async def come(server: Server, count: int) -> list[Answer]:
    """Subscribers who have all missed something else."""
    server.log.happen(count)
    return [await server.open(SLOW, {"after": str(number)}) for number in range(count)]


async def test_only_some_begin_at_the_same_time(server: Server) -> None:
    log = server.log
    answers = await come(server, 3 * dispatcher.TURNS)
    tasks = [asyncio.ensure_future(anext(answer.frames)) for answer in answers]
    await until(lambda: len(log.executed) == dispatcher.TURNS)
    for _ in range(100):
        await asyncio.sleep(0)
    assert len(log.executed) == len(log.opened) == dispatcher.TURNS
    log.gate.set()
    await asyncio.gather(*tasks)
    assert len(log.executed) == len(tasks)
    for answer in answers:
        await answer.frames.aclose()


async def test_the_time_of_those_who_wait_their_turn_does_not_run(log: Log) -> None:
    server = Server(log, limited(operation_seconds=0.1))
    answers = await come(server, 2 * dispatcher.TURNS)
    tasks = [asyncio.ensure_future(anext(answer.frames)) for answer in answers]
    late = await asyncio.gather(*tasks[: dispatcher.TURNS])
    log.gate.set()
    others = await asyncio.gather(*tasks[dispatcher.TURNS :])
    assert [codes(body(frame)) for frame in late] == [["TIMEOUT"]] * dispatcher.TURNS
    assert [codes(body(frame)) for frame in others] == [[]] * dispatcher.TURNS
    for answer in answers:
        await answer.frames.aclose()


async def test_who_waits_when_the_server_stops_does_not_begin_any_more(server: Server) -> None:
    log = server.log
    answers = await come(server, dispatcher.TURNS + 1)
    tasks = [asyncio.ensure_future(anext(answer.frames)) for answer in answers]
    await until(lambda: len(log.executed) == dispatcher.TURNS)
    await server.streams.close(0)
    log.gate.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert len(log.executed) == dispatcher.TURNS
    for answer in answers:
        await answer.frames.aclose()


async def test_nor_does_who_waits_then_go_on(server: Server) -> None:
    log = server.log
    log.gate.set()
    answers = await come(server, dispatcher.TURNS + 1)
    log.happen()  # so that each has missed two
    for answer in answers:
        await anext(answer.frames)
    log.gate.clear()
    log.executed.clear()
    tasks = [asyncio.ensure_future(anext(answer.frames)) for answer in answers]
    await until(lambda: len(log.executed) == dispatcher.TURNS)
    await server.streams.close(0)
    log.gate.set()
    told = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(each) for each in told] == [Closing] * len(tasks)
    assert len(log.executed) == dispatcher.TURNS
    for answer in answers:
        await answer.frames.aclose()
