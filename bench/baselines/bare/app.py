"""The application: one function that knows the documents of the benchmark by heart."""

import sqlite3
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final
from urllib.parse import parse_qs

import orjson
from starlette.types import ASGIApp, Receive, Scope, Send

TABLE: Final = """
CREATE TABLE session (
  id TEXT PRIMARY KEY, kind TEXT, subject TEXT, visible INTEGER, path TEXT, started_at INTEGER, last_seen_at INTEGER,
  timeout_seconds INTEGER, ended_at INTEGER, client_system TEXT, username TEXT
);
CREATE INDEX session_started_at ON session (started_at DESC, id);
CREATE INDEX session_last_seen_at ON session (last_seen_at DESC, id);
"""
DAY_SECONDS: Final = 86_400
PAGE: Final = "SELECT * FROM session WHERE started_at > ? ORDER BY {} DESC, id LIMIT 50"
FIND: Final = "SELECT ended_at, last_seen_at, timeout_seconds FROM session WHERE id = ?"
TYPENAME: Final = b'{"data":{"__typename":"Query"}}'


def create_app(database: str) -> ASGIApp:
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.executescript(TABLE)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            while True:
                kind = (await receive())["type"]
                await send({"type": f"{kind}.complete"})
                if kind == "lifespan.shutdown":
                    return
        body = (await receive())["body"]
        answer = _answer(connection, body) if scope["path"] == "/graphql" else _control(connection, scope)
        length = (b"content-length", str(len(answer)).encode())
        headers = [(b"content-type", b"application/json; charset=utf-8"), length]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    return app


def _answer(connection: sqlite3.Connection, body: bytes) -> bytes:
    request = orjson.loads(body)
    document = request["query"]
    if document.startswith("query Page"):
        column = "last_seen_at" if "LAST_SEEN_AT" in document else "started_at"
        now = time.time() * 1000
        after = datetime.fromisoformat(request["variables"]["filter"]["startedAfter"]).timestamp() * 1000
        nodes = [_node(row, now) for row in connection.execute(PAGE.format(column), (after,))]
        return orjson.dumps({"data": {"sessions": {"nodes": nodes}}})
    if document.startswith("query Session"):
        id_ = request["variables"]["id"]
        row = connection.execute(FIND, (id_,)).fetchone()
        session = row and {"id": id_, "state": _state(row[0], row[1], row[2], time.time() * 1000)}
        return orjson.dumps({"data": {"session": session}})
    return TYPENAME


def _node(row: Sequence[Any], now: float) -> dict[str, Any]:
    id_, kind, subject, visible, path, started_at, last_seen_at, timeout_seconds, ended_at, client_system, username = (
        row
    )
    node = {
        "id": id_,
        "kind": kind,
        "state": _state(ended_at, last_seen_at, timeout_seconds, now),
        "subject": subject,
        "visible": visible == 1,
        "path": orjson.Fragment(path),
        "startedAt": _text(started_at),
        "lastSeenAt": _text(last_seen_at),
    }
    if kind == "CLIENT":
        node["clientSystem"] = client_system
    else:
        node["username"] = username
    return node


def _state(ended_at: int | None, last_seen_at: int, timeout_seconds: int, now: float) -> str:
    return "ENDED" if ended_at is not None or last_seen_at + timeout_seconds * 1000 <= now else "ACTIVE"


def _text(instant: int) -> str:
    seconds, milliseconds = divmod(instant, 1000)
    return f"{_second(seconds)}.{milliseconds:03}Z"


@lru_cache(4096)
def _second(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"


def _control(connection: sqlite3.Connection, scope: Scope) -> bytes:
    """Answer `/readyz`, and create the sessions that `/seed?count=…` asks for."""
    if scope["path"] != "/seed":
        return b"ready"
    now = time.time_ns() // 1_000_000
    rows = [_seeded(number, now) for number in range(int(parse_qs(scope["query_string"])[b"count"][0]))]
    with connection:
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO session VALUES (?, ?, ?, 1, ?, ?, ?, ?, NULL, ?, ?)", rows)
    return orjson.dumps([row[0] for row in rows])


def _seeded(number: int, now: int) -> tuple[Any, ...]:
    """Return the session that the API of other servers starts from `bench.seed.start_variables(number)`."""
    username = f"user-{number % 200}" if number % 2 else None
    kind, system = ("USER", None) if number % 2 else ("CLIENT", f"iOS 18.{number % 6}")
    path = f'["/view/overview","tab-{number % 7}"]'
    return f"{number:022}", kind, username, path, now + number, now + number, DAY_SECONDS, system, username
