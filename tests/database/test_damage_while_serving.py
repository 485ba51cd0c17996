"""A database file that becomes damaged while it is served: one line in the log, no write, and other reads go on."""

import os
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest
from structlog.testing import capture_logs

from tests.api_client import ApiClient, open_api
from tests.database.populated import break_page, copy_database, root_pages
from tests.live_server import running_server

SESSIONS = "{ sessions(first: 50) { nodes { id state } } }"
ACTIVITIES = "{ activities(last: 5) { nodes { type } } }"
START = 'mutation { startSession(input: {variant: {user: {username: "x"}}}) { session { id } problems { code } } }'


@pytest.fixture
async def api(source: Path, tmp_path: Path) -> AsyncIterator[ApiClient]:
    """A server whose pages are all in the file, and in no memory."""
    async with open_api(copy_database(source, tmp_path / "test.db")) as opened:
        yield opened


def errors_of(log: list[Any]) -> list[dict[str, Any]]:
    return [line for line in log if line["log_level"] in ("warning", "error")]


async def readiness(api: ApiClient) -> int:
    return (await api.http.get("/readyz")).status_code


async def test_broken_page_stops_writes_and_the_reads_that_touch_it(api: ApiClient, tmp_path: Path) -> None:
    file = tmp_path / "test.db"
    assert await readiness(api) == 200
    break_page(file, root_pages(file)["activity"])
    with capture_logs() as log:
        for _ in range(5):
            assert await api.error_code(ACTIVITIES) == "SERVICE_UNAVAILABLE"
            assert await api.error_code(START) == "SERVICE_UNAVAILABLE"
        before = await api.execute(SESSIONS)
        api.clock.value += 86_400_000
        assert await api.execute(SESSIONS) == before, "time without writes expires nothing"
        assert await readiness(api) == 503
        assert (await api.http.get("/livez")).status_code == 200
        assert (await api.http.get("/metrics")).status_code == 200
    (line,) = errors_of(log)
    assert line["event"] == "database damaged"
    assert line["reason"].startswith(f"{file} is damaged: restore a backup; `python main.py check` lists the damage")
    assert "SELECT" not in str(line)


async def test_background_work_does_not_repeat_the_line(api: ApiClient, tmp_path: Path) -> None:
    break_page(tmp_path / "test.db", root_pages(tmp_path / "test.db")["activity"])
    await api.error_code(ACTIVITIES)
    rounds = 0

    async def sweep() -> None:
        nonlocal rounds
        rounds += 1
        await swept()

    swept, api.app.state.sweeper.sweep = api.app.state.sweeper.sweep, sweep
    with capture_logs() as log:
        async with api.app.state.sweeper.running(0.0001):
            while rounds < 5:
                await api.execute(SESSIONS)
    assert errors_of(log) == []


async def test_value_that_is_not_json_is_damage_and_not_quoted(api: ApiClient, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "test.db")) as db, db:
        db.execute("UPDATE session SET meta = '{secret' WHERE kind = 'USER'")
    with capture_logs() as log:
        assert await api.error_code("{ sessions(first: 50) { nodes { metadata } } }") == "SERVICE_UNAVAILABLE"
        assert await api.error_code(START) == "SERVICE_UNAVAILABLE"
    (line,) = errors_of(log)
    assert "a value is not JSON" in line["reason"]
    assert "secret" not in str(log)


async def test_text_that_is_not_utf8_is_damage_and_not_quoted(api: ApiClient, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "test.db")) as db, db:
        db.execute("UPDATE session SET subject = CAST(x'736563726574ff' AS TEXT) WHERE kind = 'USER'")
    with capture_logs() as log:
        assert await api.error_code(SESSIONS.replace("state", "... on UserSession { username }")) == (
            "SERVICE_UNAVAILABLE"
        )
    (line,) = errors_of(log)
    assert "a text is not UTF-8" in line["reason"]
    assert "secret" not in str(log)


def replace_file(file: Path) -> None:
    shutil.copy(file, f"{file}.copy")
    Path(f"{file}.copy").replace(file)


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (Path.unlink, "was moved or deleted while in use"),
        (replace_file, "was replaced while in use"),
        (lambda file: os.truncate(file, 8192), "restore a backup"),
    ],
    ids=["deleted", "replaced", "truncated"],
)
async def test_write_into_a_file_that_is_gone_is_not_acknowledged(
    api: ApiClient, tmp_path: Path, harm: Callable[[Path], None], reason: str
) -> None:
    harm(tmp_path / "test.db")
    with capture_logs() as log:
        assert await api.error_code(START) == "SERVICE_UNAVAILABLE"
        assert await api.error_code(START) == "SERVICE_UNAVAILABLE"
        assert await readiness(api) == 503
    assert [reason in line["reason"] for line in errors_of(log)] == [True]


def test_acknowledged_sessions_survive_a_file_that_was_moved_away(tmp_path: Path) -> None:
    file, away = tmp_path / "test.db", tmp_path / "away.db"
    with running_server(tmp_path, LOG_LEVEL="warning") as server:
        started = {server.start(f"user {number}") for number in range(10)}
        file.rename(away)
        for _ in range(3):
            response = httpx2.post(server.graphql, json={"query": START})
            assert response.json()["errors"][0]["extensions"]["code"] == "SERVICE_UNAVAILABLE"
        shown = {node["id"] for node in server.execute(SESSIONS)["nodes"]}
    assert started <= shown
    lines = [line for line in server.log.read_text().splitlines() if "damaged" in line]
    assert (len(lines), "Traceback" in server.log.read_text()) == (1, False)
    away.rename(file)
    with closing(sqlite3.connect(file)) as db:
        assert started <= {id_ for (id_,) in db.execute("SELECT id FROM session")}
