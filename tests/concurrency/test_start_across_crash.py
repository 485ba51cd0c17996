"""A browser whose server dies under it, and that repeats its start, has the session that it was told of."""

import asyncio
from pathlib import Path
from typing import Any

from tests.concurrency.requests import ids, made, start, started, types
from tests.durability.invariants import assert_whole, reading
from tests.server_process import server

TIMES = 20
OF_TIME = {"elapsedSeconds", "expiresAt"}
"""What a session shows that depends on when it is looked at, or on how long the server was away."""


def lasting(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer["session"].items() if name not in OF_TIME}


async def test_a_start_repeated_across_a_kill_is_one_session(tmp_path: Path) -> None:
    file = tmp_path / "test.db"
    told, lost = start("ann", path=["home"], metadata={"n": 1}), start("bob")
    async with server(file) as killable:
        before = await started(killable.port, *[told] * TIMES)
        under_way = [asyncio.create_task(started(killable.port, lost)) for _ in range(TIMES)]
        await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
        await killable.kill()
        found = await asyncio.gather(*under_way, return_exceptions=True)
    acknowledged = [answer for answers in found if isinstance(answers, list) for answer in answers]
    async with server(file) as killable:
        after = await started(killable.port, *[told] * TIMES)
        repeated = await started(killable.port, *[lost] * TIMES)
    assert (len(made(before)), made(after)) == (1, [])
    assert all(lasting(answer) == lasting(before[0]) for answer in (*before, *after))
    assert types(after[0]["session"]) == ["STARTED"]
    assert acknowledged
    assert len(ids([*acknowledged, *repeated])) == 1
    assert made(repeated) == []
    assert_whole(file)
    with reading(file) as db:
        assert db.execute("SELECT count(*) FROM session").fetchall() == [(2,)]
