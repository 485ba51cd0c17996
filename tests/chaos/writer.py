"""Writers that do everything that can be done to sessions, and remember of it what readers must have been told."""

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
"""What a call may be told of a session that has ended by itself."""
MIN_SESSIONS: Final = 3
MAX_SESSIONS: Final = 12


class Ledger:
    """What was acknowledged to all writers."""

    def __init__(self, listener: Callable[[], None]) -> None:
        """
        Args:
            listener: is told of each call that has its answer.
        """
        self.revisions: dict[str, int] = {}
        """By session the newest one that an entry of the log was written with."""
        self._listener = listener
        self._calls = 0
        self._call_acknowledged = asyncio.Event()

    def acknowledge(self) -> None:
        """One more call has its answer."""
        self._calls += 1
        self._call_acknowledged.set()
        self._listener()

    async def wait_for_calls(self, calls: int) -> None:
        """Wait until so many more calls have their answers."""
        target = self._calls + calls
        while self._calls < target:
            self._call_acknowledged.clear()
            await self._call_acknowledged.wait()


class SessionView(NamedTuple):
    """A session as its writer saw it last."""

    kind: str
    path: list[str]
    visible: bool


class Writer:
    """One client, with sessions of its own."""

    def __init__(self, ledger: Ledger, number: int) -> None:
        self._ledger = ledger
        self._random = Random(number)  # noqa: S311 - repeatable, not secret
        self._numbers = count()
        self._name = f"w{number}"
        self._sessions: dict[str, SessionView] = {}
        self._in_flight: set[str] = set()
        self._steps = {
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

    async def run(self, server: ServerUnderTest, times: int) -> None:
        """So many calls, by as many connections as it takes."""
        left = times
        while left:
            port = await server.port()
            try:
                async with connect(port) as found:
                    while left:
                        await self._step()(found)
                        self._ledger.acknowledge()
                        left -= 1
            except ConnectionError:
                # What became of the call, nobody knows: its sessions are left alone from here on.
                for session_id in self._in_flight:
                    self._sessions.pop(session_id, None)

    def _step(self) -> Callable[[HttpConnection], Any]:
        if len(self._sessions) < MIN_SESSIONS:
            return self._start
        return (
            self._stop
            if len(self._sessions) > MAX_SESSIONS
            else self._random.choices(*zip(*self._steps.items(), strict=True))[0]
        )

    # ---- beginnings ----

    async def _start(self, wire: HttpConnection) -> None:
        await self._start_variant(wire, mutations.random_variant(self._random))

    async def _start_form(self, wire: HttpConnection) -> None:
        """A form, which may take the place of one that was there."""
        await self._start_variant(
            wire, {"field": {"unitId": "unit", "uuid": f"{self._name} {self._random.randrange(3)}"}}
        )

    async def _start_agenda(self, wire: HttpConnection) -> None:
        await self._start_variant(wire, mutations.short_agenda_variant(self._random))

    async def start_expiring(self, wire: HttpConnection) -> None:
        """A session that nobody keeps alive: it ends after ten seconds."""
        session_id = await self._start_variant(wire, {"user": {"username": "ann"}}, timeoutSeconds=10)
        del self._sessions[session_id]

    async def _start_variant(self, wire: HttpConnection, variant: dict[str, Any], **common: Any) -> str:
        start_input = {
            "projectId": self._random.choice(["default", "default", "other"]),
            "path": self._random.choice(mutations.PATHS),
            "visible": self._random.random() < 0.7,
            "metadata": mutations.LARGE_METADATA,
            "variant": variant,
            **common,
        }
        self._in_flight = set()
        payload = (await wire.ask(MUTATIONS["startSession"], input=start_input))["told"]
        assert payload["problems"] == []
        session_id: str = payload["session"]["id"]
        self._record(session_id, payload)
        return session_id

    # ---- calls ----

    async def _move(self, wire: HttpConnection) -> None:
        await self._call(wire, "keepaliveSession", path=self._path(), visible=self._random.random() < 0.8)

    async def _keepalive(self, wire: HttpConnection) -> None:
        session_id = self._random_id()
        await self._call(wire, "keepaliveSession", session_id, visible=self._sessions[session_id].visible)

    async def _hide(self, wire: HttpConnection) -> None:
        await self._call(wire, "hideSession")

    async def _kind_specific(self, wire: HttpConnection) -> None:
        session_id = self._random_id()
        call, values = mutations.kind_specific_call(self._sessions[session_id].kind, next(self._numbers))
        del self._sessions[session_id]  # seen anew, whatever it is now
        await self._call(wire, call, session_id, **values)

    async def _move_several(self, wire: HttpConnection) -> None:
        chosen = self._random.sample(sorted(self._sessions), MIN_SESSIONS)
        self._in_flight = set(chosen)
        inputs = [{"id": session_id, "path": self._path()} for session_id in chosen]
        for session_id, payload in zip(
            chosen, (await wire.ask(mutations.KEEPALIVE_SESSIONS, inputs=inputs))["told"], strict=True
        ):
            self._record(session_id, payload)

    async def _stop(self, wire: HttpConnection) -> None:
        session_id = self._random_id()
        await self._call(wire, "stopSession", session_id)
        self._sessions.pop(session_id, None)

    async def _terminate(self, wire: HttpConnection) -> None:
        session_id = self._random_id()
        await self._call(wire, "terminateSession", session_id, reason="why")
        self._sessions.pop(session_id, None)

    async def _delete(self, wire: HttpConnection) -> None:
        session_id = self._random_id()
        self._in_flight = {session_id}
        await wire.ask(mutations.DELETE_SESSION, id=session_id)
        del self._sessions[session_id]

    async def _call(self, wire: HttpConnection, call: str, session_id: str | None = None, /, **values: Any) -> None:
        session_id = session_id or self._random_id()
        self._in_flight = {session_id}
        self._record(session_id, (await wire.ask(MUTATIONS[call], input={"id": session_id, **values}))["told"])

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

    def _path(self) -> list[str]:
        path = self._random.choice(mutations.PATHS)
        return [*path, f"page {next(self._numbers)}"] if self._random.random() < 0.5 else path
