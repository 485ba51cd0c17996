"""A foreign process that does not let go of the file: writing is refused, reading goes on, nobody ends of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from models.database import engine as engines
from tests.api_client import ApiClient, open_api
from tests.database.harness import write_locked

KEEPALIVE = "mutation($input: KeepaliveSessionInput!) { keepaliveSession(input: $input) { session { id } } }"


@pytest.fixture
async def hurried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ApiClient]:
    """A server that waits for locks less long than others."""
    monkeypatch.setattr(engines, "BUSY_TIMEOUT_MS", 200)
    async with open_api(tmp_path / "test.db") as api:
        yield api


async def test_writing_is_refused_and_reading_goes_on(hurried: ApiClient, tmp_path: Path) -> None:
    session = await hurried.start_user()
    with write_locked(tmp_path / "test.db"):
        assert await hurried.error_code(KEEPALIVE, input={"id": session["id"]}) == "SERVICE_UNAVAILABLE"
        assert (await hurried.session(session["id"]))["revision"] == 1
    assert (await hurried.mutate("keepaliveSession", {"id": session["id"]}))["session"]["revision"] == 2


async def test_nothing_ends_while_nobody_could_be_heard(hurried: ApiClient, tmp_path: Path) -> None:
    session = await hurried.start_user()
    await hurried.advance(290)
    with write_locked(tmp_path / "test.db"):
        for _ in range(3):
            hurried.clock.value += 600_000
            found = await hurried.session(session["id"], "lastSeenAt")
            assert (found["state"], found["revision"]) == ("ACTIVE", 1)
            assert await hurried.error_code(KEEPALIVE, input={"id": session["id"]}) == "SERVICE_UNAVAILABLE"
    await hurried.sweep()
    payload = await hurried.mutate("keepaliveSession", {"id": session["id"]}, "lastSeenAt expiresAt")
    assert (payload["problems"], payload["session"]["expiresAt"]) == ([], "2026-05-28T21:06:30.000Z")


async def test_writing_resumes_without_a_sweeper_too(hurried: ApiClient, tmp_path: Path) -> None:
    session = await hurried.start_user()
    with write_locked(tmp_path / "test.db"):
        hurried.clock.value += 600_000
        assert (await hurried.session(session["id"]))["state"] == "ACTIVE"
    assert await hurried.error_code(KEEPALIVE, input={"id": session["id"]}) == "SERVICE_UNAVAILABLE"
    assert (await hurried.mutate("keepaliveSession", {"id": session["id"]}))["problems"] == []
