"""Sharing of an event's execution between groups that differ only in which items they have."""

import asyncio
import gc
import weakref
from collections.abc import Sequence
from typing import Any

import pytest

from tests.polling import wait_until
from tests.transport.subscriptions.fake_source import PLACEHOLDER, Caller, FakeLog
from tests.transport.subscriptions.stream_server import StreamServer, frame_body, is_live
from transport.subscriptions import Frame, StreamResponse, fanout

EVENT = "subscription($room: String $n: Int) { event(room: $room) { number cursor caller text(size: $n) } }"
SLOW = "subscription($room: String) { event(room: $room) { number cursor slow } }"
ECHO = "subscription($room: String) { event(room: $room) { number text: echo(text: $room) } }"
ROOMS = ("a", "b", "c")


@pytest.fixture
def log(log: FakeLog) -> FakeLog:
    log.shares_events = True
    return log


async def open_rooms(server: StreamServer, document: str) -> list[StreamResponse]:
    return [await server.open(document, {"room": room}) for room in ROOMS]


async def live(answers: list[StreamResponse], count: int = 1) -> "list[asyncio.Task[list[Frame]]]":
    """Read frames of streams that have caught up, in tasks."""

    async def read(answer: StreamResponse) -> list[Frame]:
        return [await anext(answer.frames) for _ in range(count)]

    tasks = [asyncio.create_task(read(answer)) for answer in answers]
    await wait_until(lambda: all(map(is_live, answers)))
    return tasks


def field_of(frames: list[Frame], name: str) -> list[object]:
    return [frame_body(frame)["data"]["event"][name] for frame in frames]


@pytest.mark.parametrize("count", [1, 5, 40])
async def test_groups_execute_an_event_once(server: StreamServer, log: FakeLog, count: int) -> None:
    reading = await live(await open_rooms(server, EVENT), count)
    log.append(count)
    received = await asyncio.gather(*reading)
    assert log.executed == list(range(1, count + 1))
    assert len(server.streams.groups) == len(ROOMS)
    for room, frames in zip(ROOMS, received, strict=True):
        cursors = [f'{room} "{number}"' for number in range(1, count + 1)]
        assert [frame.cursor for frame in frames] == field_of(frames, "cursor") == cursors
        assert field_of(frames, "number") == list(range(1, count + 1))
    assert PLACEHOLDER.encode() not in b"".join(frame.payload for frames in received for frame in frames)


@pytest.mark.parametrize("document", [EVENT, SLOW])
async def test_only_the_group_that_executes_takes_a_turn(
    server: StreamServer, log: FakeLog, document: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.gate.set()
    reading = await live([await server.open(document, {"room": f"room {number}"}) for number in range(40)])
    turns, taken = server.streams.groups.turns, []
    take = turns.take

    async def counted() -> None:
        taken.append(1)
        await take()

    monkeypatch.setattr(turns, "take", counted)
    log.append()
    await asyncio.gather(*reading)
    assert (len(log.executed), len(taken)) == (1, 1)


async def test_deliveries_of_many_groups_yield_to_other_tasks(
    server: StreamServer, log: FakeLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fanout, "YIELD_EVERY", 10)
    delivered: list[int] = []

    def deliver(frames: Sequence[Frame]) -> bool:
        delivered.append(len(frames))
        return True

    answers = [await server.open(EVENT, {"room": f"room {number}"}) for number in range(45)]
    for answer in answers:
        answer.frames.try_send = deliver
    reading = await live(answers)
    log.append()
    most, before = 0, 0
    while len(delivered) < len(answers):
        await asyncio.sleep(0)
        most, before = max(most, len(delivered) - before), len(delivered)
    assert 0 < most <= 10
    for task in reading:
        task.cancel()
    await asyncio.gather(*reading, return_exceptions=True)


async def test_results_without_cursor_are_the_same_bytes(server: StreamServer, log: FakeLog) -> None:
    reading = await live(await open_rooms(server, "subscription($room: String) { event(room: $room) { number } }"))
    log.append()
    assert len({id(frame.payload) for (frame,) in await asyncio.gather(*reading)}) == 1


async def test_callers_with_other_access_do_not_share(server: StreamServer, log: FakeLog) -> None:
    names = ["ann", "bob", "cy"]
    callers = [Caller("ann", "a"), Caller("bob", "b"), Caller("cy", "b")]
    answers = [
        await server.open(EVENT, {"room": room}, caller=caller) for room, caller in zip(ROOMS, callers, strict=True)
    ]
    reading = await live(answers)
    log.append()
    shown = [field_of(frames, "caller") for frames in await asyncio.gather(*reading)]
    # Callers with equal access are interchangeable.
    assert shown[0] == [names[0]]
    assert shown[1] == shown[2]
    assert log.executed == [1, 1]


@pytest.mark.parametrize(
    ("one", "other", "shown"),
    [
        ((EVENT, {"room": "a"}), (EVENT + " ", {"room": "b"}), [None, None]),
        ((EVENT, {"room": "a", "n": 1}), (EVENT, {"room": "b", "n": 2}), ["x", "xx"]),
        ((ECHO, {"room": "a"}), (ECHO, {"room": "b"}), ["a", "b"]),
    ],
)
async def test_other_documents_and_variables_do_not_share(
    server: StreamServer, log: FakeLog, one: tuple[str, Any], other: tuple[str, Any], shown: list[str | None]
) -> None:
    reading = await live([await server.open(*request) for request in (one, other)])
    log.append()
    frames = [frame for (frame,) in await asyncio.gather(*reading)]
    assert log.executed == [1, 1]
    if shown[0] is not None:
        assert field_of(frames, "text") == shown


async def test_variables_that_select_items_are_hidden_from_results(server: StreamServer, log: FakeLog) -> None:
    document = "subscription($room: String $n: Int) { event(room: $room) { text(size: $n) variables } }"
    reading = await live([await server.open(document, {"room": room, "n": 1}) for room in ROOMS])
    log.append()
    assert [field_of(frames, "variables") for frames in await asyncio.gather(*reading)] == [[{"n": 1}]] * len(ROOMS)


async def test_errors_are_not_shared(server: StreamServer, log: FakeLog) -> None:
    reading = await live(await open_rooms(server, "subscription($room: String) { event(room: $room) { fails } }"), 2)
    log.append(2)
    received = await asyncio.gather(*reading)
    errors = [frame_body(frame)["errors"][0] for frames in received for frame in frames]
    assert len({error["extensions"]["errorId"] for error in errors}) == 2 * len(ROOMS)
    # Each executes alone, and once more by graphql-core, which says where it failed.
    assert log.executed.count(1) == log.executed.count(2) == 2 * len(ROOMS)


async def test_groups_wait_for_the_one_that_executes(server: StreamServer, log: FakeLog) -> None:
    reading = await live(await open_rooms(server, SLOW))
    log.append()
    await log.slow_started.wait()
    for _ in range(20):
        await asyncio.sleep(0)
    log.gate.set()
    received = await asyncio.gather(*reading)
    assert log.executed == [1]
    assert [field_of(frames, "slow") for frames in received] == [["at last"]] * len(ROOMS)
    assert [field_of(frames, "cursor") for frames in received] == [[f'{room} "1"'] for room in ROOMS]


async def test_group_that_leaves_while_it_executes_does_not_affect_others(server: StreamServer, log: FakeLog) -> None:
    answers = await open_rooms(server, SLOW)
    reading = await live(answers)
    log.append()
    await log.slow_started.wait()
    reading[0].cancel()
    await asyncio.gather(reading[0], return_exceptions=True)
    await answers[0].frames.aclose()
    await log.slow_cancelled.wait()
    log.gate.set()
    received = await asyncio.gather(*reading[1:])
    assert [field_of(frames, "slow") for frames in received] == [["at last"]] * 2


async def test_failing_context_ends_only_its_own_stream(server: StreamServer, log: FakeLog) -> None:
    reading = await live(await open_rooms(server, EVENT))
    log.context_error, log.failing_room = RuntimeError("hunter2"), "a"
    log.append()
    (failed,), *others = await asyncio.gather(*reading)
    assert failed.failed
    assert [field_of(frames, "cursor") for frames in others] == [['b "1"'], ['c "1"']]


async def test_results_live_no_longer_than_their_event(server: StreamServer, log: FakeLog) -> None:
    answers = await open_rooms(server, EVENT)
    reading = await live(answers)
    log.append()
    await asyncio.gather(*reading)
    event = weakref.ref(log.events.pop(1))
    gc.collect()
    assert event() is None
