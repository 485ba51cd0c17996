"""Steps of the wall clock under load: no session ends early, no duration is negative, no limit is affected."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest

from models.clock import DAY, HOUR
from tests.api_client import ApiClient
from tests.durability.invariants import assert_invariants, open_read_only
from tests.durability.socket_connection import connect_socket
from tests.lifecycle.keeper import FIELDS, VARIANTS, assert_alive, keep_alive
from tests.lifecycle.stepped_clock_server import OFFSET
from tests.live_server import connect, server_process
from tests.polling import wait_until

STEP_COUNT: Final = 100
STEPS: Final = (HOUR, -HOUR, DAY, -DAY, 6_000, -6_000)
KEEPALIVE: Final = "mutation($id: ID!) { keepaliveSession(input: {id: $id}) { problems { code } } }"


async def test_clock_steps_under_load_end_no_session_early(api: ApiClient) -> None:
    random = Random(1)  # noqa: S311 - repeatable, not secret
    ids = [
        (await api.start_session(kind, variant, timeoutSeconds=10))["id"]
        for kind, variant in VARIANTS.items()
        for _ in range(2)
    ]
    stepping = True

    async def keep_alive(id_: str) -> None:
        while stepping:
            try:
                payload = await api.mutate("keepaliveSession", {"id": id_, "path": [str(random.random())]}, FIELDS)
            except AssertionError as error:
                assert "the time of this call is past; repeat it" in str(error)  # noqa: PT017 - it may also succeed
            else:
                assert_alive(payload)

    async def step() -> None:
        nonlocal stepping
        for _ in range(30):
            api.clock.value += random.choice(STEPS)
            for _ in range(random.randrange(20)):
                await asyncio.sleep(0)
            await api.sweep()
        stepping = False

    await asyncio.gather(step(), *(keep_alive(id_) for id_ in ids))
    assert await api.execute("{ sessions(filter: {states: [ENDED]}) { totalCount } }") == {"totalCount": 0}
    for id_ in ids:
        stopped = await api.mutate("stopSession", {"id": id_}, FIELDS)
        assert min(stopped["session"][name] for name in FIELDS.split()) >= 0
        times = await api.session(id_, "startedAt endedAt pathTimes { visibleSeconds }")
        assert times["endReason"] == "STOPPED"
        assert min(each["visibleSeconds"] for each in times["pathTimes"]) >= 0


async def test_clock_set_back_and_forward_between_sweeps_ends_no_session_early(api: ApiClient) -> None:
    session = await api.start_user(timeoutSeconds=10)
    api.clock.value -= HOUR
    assert_alive(await api.mutate("keepaliveSession", {"id": session["id"]}, FIELDS))
    api.clock.value += HOUR
    assert (await api.session(session["id"]))["state"] == "ACTIVE"
    assert_alive(await api.mutate("keepaliveSession", {"id": session["id"]}, FIELDS))


@asynccontextmanager
async def held_writes(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Let all writes wait until the context ends: the first one has begun, the others are queued."""
    writer = api.app.state.services.database._writer
    commit, may_go_on = writer._commit, asyncio.Event()

    async def held(batch: Any) -> Any:
        await may_go_on.wait()
        return await commit(batch)

    monkeypatch.setattr(writer, "_commit", held)
    first = asyncio.create_task(api.app.state.services.database.write(lambda _tx, _item: None, None))
    await wait_until(lambda: writer.waiting)
    await wait_until(lambda: not writer.waiting)
    try:
        yield
    finally:
        may_go_on.set()
        await first


async def writes_wait(api: ApiClient, number: int) -> None:
    await wait_until(lambda: api.app.state.services.database.writes_waiting == number)


async def test_keepalive_from_before_a_downtime_is_refused(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    session = await api.start_user(timeoutSeconds=10)
    async with held_writes(api, monkeypatch):
        late = asyncio.create_task(api.post(KEEPALIVE, {"id": session["id"]}))
        await writes_wait(api, 1)
        api.clock.value += HOUR
        sweep = asyncio.create_task(api.sweep())
        await writes_wait(api, 2)
    await sweep
    (error,) = (await late)["errors"]
    assert error["extensions"] == {"code": "SERVICE_UNAVAILABLE", "retryable": True}
    assert (await api.session(session["id"]))["state"] == "ACTIVE"
    assert_alive(await api.mutate("keepaliveSession", {"id": session["id"]}, FIELDS))


async def test_sweep_from_before_clock_was_set_back_ends_no_session(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await api.start_user(timeoutSeconds=10)
    await api.advance(5)
    async with held_writes(api, monkeypatch):
        sweep = asyncio.create_task(api.sweep())
        await writes_wait(api, 1)
        api.clock.value -= HOUR
        kept = asyncio.create_task(api.mutate("keepaliveSession", {"id": session["id"]}, FIELDS))
        await writes_wait(api, 2)
    assert_alive(await kept)
    await sweep
    await api.sweep()
    assert await api.activity_types(session["id"]) == ["STARTED"]


async def test_idempotency_key_outlives_a_clock_step_of_a_day(api: ApiClient) -> None:
    first = await api.start_user(idempotencyKey="key", timeoutSeconds=86400)
    api.clock.value += DAY
    await api.sweep()
    again = await api.start_payload("user", {"username": "ann"}, idempotencyKey="key", timeoutSeconds=86400)
    assert (again["created"], again["session"]["id"]) == (False, first["id"])


@pytest.mark.long
async def test_clock_steps_of_running_server_end_no_session_early(tmp_path: Path) -> None:
    """The server sweeps by itself, and each session lives six times as long as its timeout."""
    offset, file = tmp_path / "offset", tmp_path / "test.db"
    offset.write_bytes(OFFSET.pack(0))
    settings = {"CLOCK_OFFSET": str(offset)}
    program = ("-m", "tests.lifecycle.stepped_clock_server")
    async with asyncio.timeout(600), server_process(file, program, **settings) as process:
        stop = asyncio.Event()
        keepers = [
            asyncio.create_task(keep_alive((connect, connect_socket)[number % 2], process.port, kind, stop))
            for number, kind in enumerate([*VARIANTS] * 4)
        ]
        random = Random(2)  # noqa: S311 - repeatable, not secret
        total = 0
        for _ in range(STEP_COUNT):
            await asyncio.sleep(random.uniform(0.1, 1.2))
            total += random.choice(STEPS)
            with offset.open("r+b") as written:
                written.write(OFFSET.pack(total))
        stop.set()
        calls = await asyncio.gather(*keepers)
    assert min(calls) > STEP_COUNT
    assert_invariants(file)
    with open_read_only(file) as db:
        ends = dict(db.execute("SELECT end_reason, count(*) FROM session GROUP BY end_reason"))
        negative = "SELECT count(*) FROM session WHERE visible_ms < 0 OR final_elapsed_ms < 0"
        assert db.execute(negative).fetchone() == (0,)
    assert ends == {"STOPPED": len(keepers)}
