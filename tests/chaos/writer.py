"""Writers: random mutations of their own sessions, and a ledger of what was acknowledged."""

import asyncio
from collections.abc import Callable
from itertools import count
from random import Random
from typing import Any, Final, NamedTuple

from tests.chaos import mutations
from tests.chaos.mutations import MUTATIONS
from tests.chaos.server_under_test import ServerUnderTest
from tests.live_server import HttpConnection, connect

ENDED_CODES: Final = {"SESSION_ENDED", "NOT_FOUND"}
"""Problems of a call on a session that has ended by time."""
MIN_SESSIONS: Final = 3
MAX_SESSIONS: Final = 12


class Ledger:
    """Calls of all writers that were acknowledged."""

    def __init__(self, listener: Callable[[], None]) -> None:
        """Take a `listener`, which is called after each acknowledged call."""
        self.revisions: dict[str, int] = {}
        """By session, the newest revision that was logged."""
        self._listener = listener
        self._calls = 0
        self._call_acknowledged = asyncio.Event()

    def acknowledge(self) -> None:
        self._calls += 1
        self._call_acknowledged.set()
        self._listener()

    async def wait_for_calls(self, calls: int) -> None:
        """Wait for so many more calls."""
        target = self._calls + calls
        while self._calls < target:
            self._call_acknowledged.clear()
            await self._call_acknowledged.wait()


class SessionView(NamedTuple):
    kind: str
    path: list[str]
    visible: bool


class Writer:
    def __init__(self, ledger: Ledger, number: int) -> None:
        self._ledger = ledger
        self._random = Random(number)  # noqa: S311 - repeatable, not secret
        self._numbers = count()
        self._name = f"w{number}"
        self._sessions: dict[str, SessionView] = {}
        self._in_flight: set[str] = set()
        self._weights = {
            self._start: 6,
            self._move: 8,
            self._keepalive: 3,
            self._hide: 4,
            self._kind_specific: 4,
            self._move_several: 1,
            self._stop: 3,
            self._terminate: 1,
            self._delete: 1,
            self._start_form: 1,
            self._start_agenda: 1,
        }

    async def run(self, server: ServerUnderTest, calls: int) -> None:
        """Make so many calls, reconnecting as often as needed."""
        left = calls
        while left:
            port = await server.port()
            try:
                async with connect(port) as connection:
                    while left:
                        await self._next_step()(connection)
                        self._ledger.acknowledge()
                        left -= 1
            except ConnectionError:
                # Whether the call was executed is unknown, so its sessions are not used any more.
                for session_id in self._in_flight:
                    self._sessions.pop(session_id, None)

    def _next_step(self) -> Callable[[HttpConnection], Any]:
        if len(self._sessions) < MIN_SESSIONS:
            return self._start
        if len(self._sessions) > MAX_SESSIONS:
            return self._stop
        return self._random.choices(list(self._weights), list(self._weights.values()))[0]

    # ---- starts ----

    async def _start(self, connection: HttpConnection) -> None:
        await self._start_variant(connection, mutations.random_variant(self._random))

    async def _start_form(self, connection: HttpConnection) -> None:
        """Start a form, which may replace an earlier one."""
        uuid = f"{self._name} {self._random.randrange(3)}"
        await self._start_variant(connection, {"field": {"unitId": "unit", "uuid": uuid}})

    async def _start_agenda(self, connection: HttpConnection) -> None:
        await self._start_variant(connection, mutations.short_agenda_variant(self._random))

    async def start_expiring(self, connection: HttpConnection) -> None:
        """Start a session that expires after ten seconds."""
        session_id = await self._start_variant(connection, {"user": {"username": "ann"}}, timeoutSeconds=10)
        del self._sessions[session_id]

    async def _start_variant(self, connection: HttpConnection, variant: dict[str, Any], **common: Any) -> str:
        start_input = {
            "projectId": self._random.choice(["default", "default", "other"]),
            "path": self._random.choice(mutations.PATHS),
            "visible": self._random.random() < 0.7,
            "metadata": mutations.LARGE_METADATA,
            "variant": variant,
            **common,
        }
        self._in_flight = set()
        payload = (await connection.ask(MUTATIONS["startSession"], input=start_input))["payload"]
        assert payload["problems"] == []
        session_id: str = payload["session"]["id"]
        self._record(session_id, payload)
        return session_id

    # ---- other calls ----

    async def _move(self, connection: HttpConnection) -> None:
        visible = self._random.random() < 0.8
        await self._call(connection, "keepaliveSession", path=self._random_path(), visible=visible)

    async def _keepalive(self, connection: HttpConnection) -> None:
        session_id = self._random_id()
        await self._call(connection, "keepaliveSession", session_id, visible=self._sessions[session_id].visible)

    async def _hide(self, connection: HttpConnection) -> None:
        await self._call(connection, "hideSession")

    async def _kind_specific(self, connection: HttpConnection) -> None:
        session_id = self._random_id()
        name, values = mutations.kind_specific_call(self._sessions[session_id].kind, next(self._numbers))
        del self._sessions[session_id]  # so that the result is recorded as a change
        await self._call(connection, name, session_id, **values)

    async def _move_several(self, connection: HttpConnection) -> None:
        ids = self._random.sample(sorted(self._sessions), MIN_SESSIONS)
        self._in_flight = set(ids)
        sessions = [{"id": session_id, "path": self._random_path()} for session_id in ids]
        result = await connection.ask(mutations.KEEPALIVE_SESSIONS, input={"sessions": sessions})
        for session_id, payload in zip(ids, result["payload"]["results"], strict=True):
            self._record(session_id, payload)

    async def _stop(self, connection: HttpConnection) -> None:
        session_id = self._random_id()
        await self._call(connection, "stopSession", session_id)
        self._sessions.pop(session_id, None)

    async def _terminate(self, connection: HttpConnection) -> None:
        session_id = self._random_id()
        await self._call(connection, "terminateSession", session_id, reason="why")
        self._sessions.pop(session_id, None)

    async def _delete(self, connection: HttpConnection) -> None:
        session_id = self._random_id()
        self._in_flight = {session_id}
        await connection.ask(mutations.DELETE_SESSION, id=session_id)
        del self._sessions[session_id]

    async def _call(
        self, connection: HttpConnection, name: str, session_id: str | None = None, /, **values: Any
    ) -> None:
        session_id = session_id or self._random_id()
        self._in_flight = {session_id}
        result = await connection.ask(MUTATIONS[name], input={"id": session_id, **values})
        self._record(session_id, result["payload"])

    def _record(self, session_id: str, payload: dict[str, Any]) -> None:
        if payload["problems"]:
            assert {problem["code"] for problem in payload["problems"]} <= ENDED_CODES, payload
            self._sessions.pop(session_id, None)
            return
        session = payload["session"]
        view = SessionView(session["kind"], session["path"], session["visible"])
        if view != self._sessions.get(session_id):
            self._ledger.revisions[session_id] = session["revision"]
        self._sessions[session_id] = view

    def _random_id(self) -> str:
        return self._random.choice(sorted(self._sessions))

    def _random_path(self) -> list[str]:
        path = self._random.choice(mutations.PATHS)
        return [*path, f"page {next(self._numbers)}"] if self._random.random() < 0.5 else path
