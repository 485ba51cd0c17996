"""GraphQL client of a server in this process, on a real SQLite file and a clock that the test moves."""

import secrets
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2
from sqlalchemy import create_engine
from sqlalchemy.engine import Connection
from starlette.applications import Starlette

from main import Settings, create_app
from models.clock import SECOND, Instant
from models.ids import DATABASE, new_id
from models.migrations import migrate
from models.tables import server

EPOCH: Instant = 1_780_000_000_000
"""Start of a test's clock: 2026-05-28T20:26:40Z."""

SESSION_FIELDS = "__typename id kind state visible endReason revision path"


PAYLOAD_FIELDS = {
    "startSession": "created keepaliveSeconds",
    **dict.fromkeys(("keepaliveSession", "hideSession", "trackMedia"), "keepaliveSeconds"),
}
"""Fields that not all payloads of sessions have."""


class FakeClock:
    """Clock that stands still until it is moved."""

    def __init__(self, now: Instant = EPOCH) -> None:
        self.value = now

    def now(self) -> Instant:
        return self.value


class ApiClient:
    """GraphQL client of one server, whose sweeper runs on demand only."""

    def __init__(self, app: Starlette, http: httpx2.AsyncClient, clock: FakeClock) -> None:
        self.app = app
        self.http = http
        self.clock = clock

    async def post(self, document: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the response body of an operation, errors included."""
        response = await self.http.post("/graphql", json={"query": document, "variables": dict(variables or {})})
        assert response.status_code == 200, response.text
        body: dict[str, Any] = response.json()
        return body

    async def error_codes(self, document: str) -> set[str]:
        """Return the codes of all errors of an operation, executed or not."""
        body = (await self.http.post("/graphql", json={"query": document})).json()
        return {error["extensions"]["code"] for error in body.get("errors", ())}

    async def execute(self, document: str, **variables: Any) -> Any:
        """Return the data of an operation without errors; for one root field, its value."""
        body = await self.post(document, variables)
        assert "errors" not in body, body["errors"]
        data = body["data"]
        return next(iter(data.values())) if len(data) == 1 else data

    async def error_code(self, document: str, **variables: Any) -> str:
        """Return the code of the only error of an operation."""
        response = await self.http.post("/graphql", json={"query": document, "variables": variables})
        errors = response.json()["errors"]
        assert len(errors) == 1, errors
        code: str = errors[0]["extensions"]["code"]
        return code

    async def mutate(self, field: str, input_value: Mapping[str, Any], fields: str = "") -> dict[str, Any]:
        """Return the payload of a mutation of one session."""
        document = f"""mutation($input: {field[0].upper()}{field[1:]}Input!) {{ {field}(input: $input) {{
            session {{ {SESSION_FIELDS} {fields} }} {PAYLOAD_FIELDS.get(field, "")} problems {{ code message path }} }}
        }}"""
        payload: dict[str, Any] = await self.execute(document, input=input_value)
        return payload

    async def start_payload(
        self, kind: str, variant: Mapping[str, Any], fields: str = "", **common: Any
    ) -> dict[str, Any]:
        return await self.mutate("startSession", {**common, "variant": {kind: variant}}, fields)

    async def start_session(
        self, kind: str, variant: Mapping[str, Any], fields: str = "", **common: Any
    ) -> dict[str, Any]:
        """Start a session without problems."""
        payload = await self.start_payload(kind, variant, fields, **common)
        assert payload["problems"] == []
        session: dict[str, Any] = payload["session"]
        return session

    async def start_user(self, username: str = "ann", fields: str = "", **common: Any) -> dict[str, Any]:
        return await self.start_session("user", {"username": username}, fields, **common)

    async def delete(self, session_id: str) -> None:
        await self.execute("mutation($id: ID!) { deleteSession(input: {id: $id}) { id } }", id=session_id)

    async def session(self, session_id: str, fields: str = "") -> dict[str, Any]:
        found: dict[str, Any] = await self.execute(
            f"query($id: ID!) {{ session(id: $id) {{ {SESSION_FIELDS} {fields} }} }}", id=session_id
        )
        return found

    async def activity_types(self, session_id: str) -> list[str]:
        """Return the types of a session's activities."""
        found = await self.session(session_id, "activities(first: 500) { edges { node { type } } }")
        return [edge["node"]["type"] for edge in found["activities"]["edges"]]

    async def advance(self, seconds: float) -> None:
        """Move the clock without downtime of the server, and without a sweep."""
        self.clock.value += round(seconds * SECOND)
        await self.app.state.services.database.write(_set_alive_at, self.clock.value)
        self.app.state.services.liveness._alive_at = self.clock.value

    async def sweep(self) -> None:
        await self.app.state.sweeper.sweep()


def _set_alive_at(tx: Connection, now: Instant) -> None:
    tx.execute(server.update().values(alive_at=now))


@asynccontextmanager
async def open_api(file: Path, clock: FakeClock | None = None, **settings: Any) -> AsyncIterator[ApiClient]:
    """Open a server on a database file, without sockets; a missing file is created."""
    clock = clock or FakeClock()
    _create_database(file)
    app = create_app(Settings(database_url=str(file), **settings), clock, background_jobs=False)
    transport = httpx2.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://localhost") as c,
    ):
        yield ApiClient(app, c, clock)


def _create_database(file: Path) -> None:
    """Create a migrated database. The migrations run once for all tests, since they take longer than most."""
    if file.exists():
        return
    file.write_bytes(_migrated_file())
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("PRAGMA synchronous = OFF")
        identity = (new_id(DATABASE), secrets.token_urlsafe(32))
        db.execute("UPDATE server SET database_id = ?, signing_key = ?", identity)


@cache
def _migrated_file() -> bytes:
    with TemporaryDirectory() as folder:
        file = Path(folder, "empty.db")
        engine = create_engine(f"sqlite:///{file}")
        with engine.begin() as tx:
            migrate(tx)
        engine.dispose()
        return file.read_bytes()
