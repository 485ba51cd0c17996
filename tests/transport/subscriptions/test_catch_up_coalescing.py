"""Who waits for the same beginning at the same time is given it by one of them, and nothing else changes by that."""

import asyncio
from contextlib import suppress

import pytest

from tests.polling import until
from tests.transport.fake_app import limited
from tests.transport.subscriptions.fake_source import Log
from tests.transport.subscriptions.stream_server import Server, body, codes, numbers
from transport.subscriptions import Answer, Closing, Frame, Wishes

CROWD = 1_000
SLOW = "subscription($after:String){told(after:$after){number slow}}"
LONG = "subscription($after:String){told(after:$after){number text(size:100)}}"


async def come(server: Server, count: int, query: str = SLOW, after: str = "0") -> list[Answer]:
    """Subscribers who have all missed the same."""
    return [await server.open(query, {"after": after}) for _ in range(count)]


async def close(answers: list[Answer]) -> None:
    """Close streams."""
    for answer in answers:
        await answer.frames.aclose()


async def gathered(server: Server, answers: list[Answer], count: int = 1) -> list["asyncio.Task[list[int]]"]:
    """The first one is at its first result, the others wait."""
    tasks = [asyncio.create_task(numbers(answers[0], count))]
    await until(server.log.waiting.is_set)
    tasks += [asyncio.create_task(numbers(answer, count)) for answer in answers[1:]]
    await settle()
    assert len(server.log.opened) == 1
    return tasks


async def settle() -> None:
    """Let the others go as far as they can."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_crowd_that_comes_at_once_costs_one_execution_of_what_it_missed(server: Server) -> None:
    log = server.log
    log.gate.set()
    log.happen(3)
    answers = await come(server, CROWD)
    assert await asyncio.gather(*(numbers(answer, 3) for answer in answers)) == [[1, 2, 3]] * CROWD
    assert (log.opened, log.executed) == (["0"], [1, 2, 3])
    await close(answers)


async def test_a_crowd_that_gathers_behind_one_costs_one_execution_more(server: Server) -> None:
    log = server.log
    log.happen(3)
    answers = await come(server, CROWD)
    tasks = await gathered(server, answers, 3)
    log.gate.set()
    assert await asyncio.gather(*tasks) == [[1, 2, 3]] * CROWD
    # One began when nobody else was there, and the next one did it for all others.
    assert len(log.opened) == 2
    assert sorted(log.executed) == [1, 1, 2, 2, 3, 3]
    log.happen()
    assert await asyncio.gather(*(numbers(answer, 1) for answer in answers)) == [[4]] * CROWD
    assert sorted(log.executed)[6:] == [4]
    await close(answers)


async def test_who_asks_while_a_beginning_is_read_is_given_a_newer_one(server: Server) -> None:
    log = server.log
    log.snapshot = 1
    log.happen()
    answers = [await server.open("subscription{told{number slow}}") for _ in range(2)]
    first = asyncio.create_task(numbers(answers[0], 1))
    await until(log.waiting.is_set)
    log.happen()
    second = asyncio.create_task(numbers(answers[1], 1))
    log.gate.set()
    assert (await first, await second) == ([1], [2])
    await close(answers)


async def test_who_says_elsewhere_how_far_it_was_is_not_given_the_beginning_of_another(server: Server) -> None:
    log = server.log
    log.happen(3)
    answers = [await server.open(SLOW, wishes=Wishes(after=after)) for after in ("0", "0", "2")]
    tasks = [asyncio.create_task(numbers(answer, 1)) for answer in answers]
    await settle()
    log.gate.set()
    assert await asyncio.gather(*tasks) == [[1], [1], [3]]
    await close(answers)


async def test_those_who_begin_elsewhere_do_not_wait(server: Server) -> None:
    log = server.log
    log.happen(2)
    answers = [*await come(server, 1), *await come(server, 1, LONG), *await come(server, 1, after="1")]
    tasks = [asyncio.create_task(numbers(answer, 1)) for answer in answers]
    assert await tasks[1] == [1]
    await until(lambda: sorted(log.opened, key=str) == ["0", "0", "1"])
    log.gate.set()
    assert [await task for task in tasks] == [[1], [1], [2]]
    await close(answers)


async def test_if_the_one_who_reads_for_all_leaves_another_does(server: Server) -> None:
    log = server.log
    log.happen(2)
    answers = await come(server, 4)
    tasks = await gathered(server, answers, 2)
    tasks[1].cancel()  # it would be the next
    with suppress(asyncio.CancelledError):
        await tasks.pop(1)
    await settle()
    assert len(log.opened) == 1
    log.gate.set()
    assert await asyncio.gather(*tasks) == [[1, 2]] * 3
    assert len(log.opened) == 2
    await close(answers)


async def test_if_it_leaves_in_the_middle_another_begins_anew(server: Server) -> None:
    log = server.log
    log.happen(2)
    answers = await come(server, 4)
    first, second, *others = await gathered(server, answers, 2)
    log.in_opening = log.gate.clear
    log.gate.set()
    await until(lambda: len(log.opened) == 2)
    log.in_opening = None
    await settle()
    second.cancel()
    await until(log.cancelled.is_set)
    log.gate.set()
    assert await asyncio.gather(first, *others) == [[1, 2]] * 3
    assert len(log.opened) == 3
    await close(answers)


async def test_each_is_told_by_itself_what_is_too_long_to_be_kept(log: Log) -> None:
    server = Server(log, limited(stream_queue_bytes=300))
    log.happen(5)
    answers = await come(server, 4, "subscription($after:String){told(after:$after){number slow text(size:100)}}")
    tasks = await gathered(server, answers, 5)
    log.in_opening = lambda: log.gate.clear() if len(log.opened) > 2 else None
    log.gate.set()
    # Two are past the point from which on they read alone, and so are the others: neither waits for the other.
    await until(lambda: len(log.opened) == 4)
    log.in_opening = None
    log.gate.set()
    assert await asyncio.gather(*tasks) == [[1, 2, 3, 4, 5]] * 4
    await close(answers)


async def test_each_sees_for_itself_that_a_result_cannot_be_made(server: Server) -> None:
    log = server.log
    log.happen(2)
    answers = await come(server, 4)
    tasks = await gathered(server, answers)

    def fail_once() -> None:
        log.context_error = RuntimeError("hunter2") if len(log.opened) == 2 else None

    log.in_opening = fail_once
    log.gate.set()
    first, failed, *others = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(failed, KeyError)  # it has no data
    assert (first, others) == ([1], [[1], [1]])
    await close(answers)


async def test_who_is_cut_in_its_beginning_is_given_no_more_of_it(server: Server) -> None:
    server.log.happen()
    (answer,) = await come(server, 1)
    (task,) = await gathered(server, [answer])
    await server.streams.close(0)
    server.log.gate.set()
    with pytest.raises(Closing):
        await task
    await answer.frames.aclose()


async def test_each_sees_for_itself_that_the_source_fails(server: Server) -> None:
    log = server.log
    log.happen()
    answers = await come(server, 3)
    tasks = [asyncio.create_task(frame(answers[0]))]
    await until(log.waiting.is_set)
    tasks += [asyncio.create_task(frame(answer)) for answer in answers[1:]]
    log.open_error = RuntimeError("hunter2")
    log.gate.set()
    first, *others = await asyncio.gather(*tasks)
    assert codes(body(first)) == []
    assert [codes(body(each)) for each in others] == [["INTERNAL_SERVER_ERROR"]] * 2
    assert len({body(each)["errors"][0]["extensions"]["errorId"] for each in others}) == 2
    await close(answers)


async def frame(answer: Answer) -> Frame:
    """The next one."""
    return await anext(answer.frames)


async def test_a_beginning_of_which_some_is_left_out_later_is_not_shared(server: Server) -> None:
    log = server.log
    log.passes = lambda item: item.position % 2 == 0
    log.happen()
    answers = await come(server, 3)
    tasks = await gathered(server, answers, 2)
    log.gate.set()
    await until(lambda: len(log.opened) == log.closed == 3)
    log.happen(3)
    assert await asyncio.gather(*tasks) == [[1, 2]] * 3
    await close(answers)
