"""A start repeated after a crash of the server returns the same session."""

import asyncio
from pathlib import Path
from typing import Any

from tests.concurrency.requests import activity_types, created_ids, session_ids, start_concurrently, start_input
from tests.durability.invariants import assert_invariants, open_read_only
from tests.live_server import server_process

CONCURRENCY = 20
TIME_DEPENDENT_FIELDS = {"elapsedSeconds", "expiresAt"}
"""Depend on the time of the read, or on the length of the downtime."""


def stable_fields(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer["session"].items() if name not in TIME_DEPENDENT_FIELDS}


async def test_start_repeated_across_crash_is_one_session(tmp_path: Path) -> None:
    file = tmp_path / "test.db"
    first, lost = start_input("ann", path=["home"], metadata={"n": 1}), start_input("bob")
    async with server_process(file) as killable:
        before = await start_concurrently(killable.port, *[first] * CONCURRENCY)
        under_way = [asyncio.create_task(start_concurrently(killable.port, lost)) for _ in range(CONCURRENCY)]
        await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
        await killable.kill()
        found = await asyncio.gather(*under_way, return_exceptions=True)
    acknowledged = [answer for answers in found if isinstance(answers, list) for answer in answers]
    async with server_process(file) as killable:
        after = await start_concurrently(killable.port, *[first] * CONCURRENCY)
        repeated = await start_concurrently(killable.port, *[lost] * CONCURRENCY)
    assert (len(created_ids(before)), created_ids(after)) == (1, [])
    assert all(stable_fields(answer) == stable_fields(before[0]) for answer in (*before, *after))
    assert activity_types(after[0]["session"]) == ["STARTED"]
    assert acknowledged
    assert len(session_ids([*acknowledged, *repeated])) == 1
    assert created_ids(repeated) == []
    assert_invariants(file)
    with open_read_only(file) as db:
        assert db.execute("SELECT count(*) FROM session").fetchall() == [(2,)]
