"""Starts with an idempotency key, or a clientId, repeated concurrently and across crashes: one session."""

import asyncio
from pathlib import Path
from typing import Any

from tests.durability import recording_writer
from tests.durability.invariants import assert_invariants, open_read_only
from tests.live_server import connect, run_concurrently, server_process

START = """mutation($input: StartSessionInput!) { startSession(input: $input) {
    created keepaliveSeconds problems { code }
    session { id kind revision startedAt createdAt timeoutSeconds path } } }"""
REPEATS = 50
KINDS = ["AGENDA", "CLIENT", "FIELD", "MEDIA", "USER", "USER"]
VARIANTS = [variant for variant in recording_writer.VARIANTS if variant != recording_writer.FUTURE_AGENDA]
KEYED: list[dict[str, Any]] = [
    {"idempotencyKey": f"k{index}", "path": ["home"], "variant": variant} for index, variant in enumerate(VARIANTS)
]
STARTS = [*KEYED, {"path": ["home"], "variant": {"user": {"username": "ann", "clientId": "c" * 16}}}]


async def send(port: int, *inputs: dict[str, Any]) -> list[dict[str, Any]]:
    """Send starts concurrently, one connection each."""
    return await run_concurrently(port, *((START, {"input": input_}) for input_ in inputs))


def stored_sessions(file: Path) -> list[tuple[str, int]]:
    with open_read_only(file) as db:
        return db.execute(
            "SELECT session.kind, count(*) FROM session JOIN activity ON session_id = session.id"
            " WHERE type = 'STARTED' GROUP BY session.id ORDER BY session.kind"
        ).fetchall()


async def test_starts_repeated_around_crash_create_one_session(tmp_path: Path) -> None:
    file = tmp_path / "test.db"
    answers: list[list[dict[str, Any]]] = [[] for _ in STARTS]
    for _ in range(2):
        async with server_process(file) as process:
            for index, start in enumerate(STARTS):
                answers[index] += await send(process.port, *[start] * REPEATS)
            others = await send(process.port, *(start | {"path": ["away"]} for start in KEYED))
            await process.kill()
        assert [[problem["code"] for problem in other["problems"]] for other in others] == [["CONFLICT"]] * len(KEYED)
        assert {other["session"] for other in others} == {None}
    for same in answers:
        assert sorted(answer.pop("created") for answer in same) == [False] * (2 * REPEATS - 1) + [True]
        assert all(answer == same[0] for answer in same)
    assert stored_sessions(file) == [(kind, 1) for kind in KINDS]
    assert_invariants(file)


async def test_start_with_lost_response_creates_no_second_session(tmp_path: Path) -> None:
    file = tmp_path / "test.db"
    async with server_process(file) as process, connect(process.port) as one:
        tasks = [asyncio.create_task(send(process.port, *[start] * 10)) for start in STARTS]
        await one.ask(START, input=STARTS[0])
        await process.kill()
        await asyncio.gather(*tasks, return_exceptions=True)
    async with server_process(file) as process:
        for start in STARTS:
            answers = await send(process.port, *[start] * 10)
            assert len({answer["session"]["id"] for answer in answers}) == 1
            assert sum(answer["created"] for answer in answers) <= 1
    assert stored_sessions(file) == [(kind, 1) for kind in KINDS]
