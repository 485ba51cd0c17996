"""API while another process holds the write lock: reads succeed, writes fail, and no session expires."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from models.database import engine as engines
from tests.api_client import ApiClient, open_api
from tests.database.harness import write_locked

KEEPALIVE = "mutation($input: KeepaliveSessionInput!) { keepaliveSession(input: $input) { session { id } } }"


@pytest.fixture
async def impatient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ApiClient]:
    monkeypatch.setattr(engines, "BUSY_TIMEOUT_MS", 200)
    async with open_api(tmp_path / "test.db") as api:
        yield api


async def test_no_session_expires_while_writes_fail(impatient: ApiClient, tmp_path: Path) -> None:
    session = await impatient.start_user()
    await impatient.advance(290)
    with write_locked(tmp_path / "test.db"):
        for _ in range(3):
            impatient.clock.value += 600_000
            found = await impatient.session(session["id"], "lastSeenAt")
            assert (found["state"], found["revision"]) == ("ACTIVE", 1)
            assert await impatient.error_code(KEEPALIVE, input={"id": session["id"]}) == "SERVICE_UNAVAILABLE"
    await impatient.sweep()
    payload = await impatient.mutate("keepaliveSession", {"id": session["id"]}, "lastSeenAt expiresAt")
    assert (payload["problems"], payload["session"]["expiresAt"]) == ([], "2026-05-28T21:06:30.000Z")


async def test_session_survives_the_lock_without_a_sweep(impatient: ApiClient, tmp_path: Path) -> None:
    session = await impatient.start_user()
    with write_locked(tmp_path / "test.db"):
        impatient.clock.value += 600_000
        assert (await impatient.session(session["id"]))["state"] == "ACTIVE"
    assert await impatient.error_code(KEEPALIVE, input={"id": session["id"]}) == "SERVICE_UNAVAILABLE"
    assert (await impatient.mutate("keepaliveSession", {"id": session["id"]}))["session"]["revision"] == 2
