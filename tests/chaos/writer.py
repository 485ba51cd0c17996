"""Writers that do everything that can be done to sessions, and remember of it what readers must have been told."""

import asyncio
from collections.abc import Callable
from itertools import count
from random import Random
from typing import Any, Final, NamedTuple

from tests.chaos import mutations
from tests.chaos.mutations import CALLS
from tests.chaos.server_under_test import Site
from tests.server_process import Wire, wire

OVER: Final = {"SESSION_ENDED", "NOT_FOUND"}
"""What a call may be told of a session that has ended by itself."""
FEW: Final = 3
MANY: Final = 12


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
        self._called = asyncio.Event()

    def acknowledge(self) -> None:
        """One more call has its answer."""
        self._calls += 1
        self._called.set()
        self._listener()

    async def until(self, calls: int) -> None:
        """Wait until so many more calls have their answers."""
        enough = self._calls + calls
        while self._calls < enough:
            self._called.clear()
            await self._called.wait()


class Shown(NamedTuple):
    """A session as its writer saw it last."""

    kind: str
    path: list[str]
    visible: bool


class Writer:
    """One client, with sessions of its own."""

    def __init__(self, ledger: Ledger, number: int) -> None:
        self._ledger = ledger
        self._chance = Random(number)  # noqa: S311 - repeatable, not secret
        self._numbers = count()
        self._name = f"w{number}"
        self._mine: dict[str, Shown] = {}
        self._asked: set[str] = set()
        self._steps = {
            self._start: 6,
            self._move: 8,
            self._beat: 3,
            self._hide: 4,
            self._special: 4,
            self._move_together: 1,
            self._stop: 3,
            self._terminate: 1,
            self._delete: 1,
            self._fill_in: 1,
            self._plan: 1,
        }

    async def write(self, site: Site, times: int) -> None:
        """So many calls, by as many connections as it takes."""
        left = times
        while left:
            port = await site.port()
            try:
                async with wire(port) as found:
                    while left:
                        await self._step()(found)
                        self._ledger.acknowledge()
                        left -= 1
            except ConnectionError:
                # What became of the call, nobody knows: its sessions are left alone from here on.
                for session_id in self._asked:
                    self._mine.pop(session_id, None)

    def _step(self) -> Callable[[Wire], Any]:
        if len(self._mine) < FEW:
            return self._start
        return (
            self._stop if len(self._mine) > MANY else self._chance.choices(*zip(*self._steps.items(), strict=True))[0]
        )

    # ---- beginnings ----

    async def _start(self, wire: Wire) -> None:
        await self._begin(wire, mutations.anything(self._chance))

    async def _fill_in(self, wire: Wire) -> None:
        """A form, which may take the place of one that was there."""
        await self._begin(wire, {"field": {"unitId": "unit", "uuid": f"{self._name} {self._chance.randrange(3)}"}})

    async def _plan(self, wire: Wire) -> None:
        await self._begin(wire, mutations.soon(self._chance))

    async def doom(self, wire: Wire) -> None:
        """A session that nobody keeps alive: it ends after ten seconds."""
        session_id = await self._begin(wire, {"user": {"username": "ann"}}, timeoutSeconds=10)
        del self._mine[session_id]

    async def _begin(self, wire: Wire, variant: dict[str, Any], **common: Any) -> str:
        given = {
            "projectId": self._chance.choice(["default", "default", "other"]),
            "path": self._chance.choice(mutations.PATHS),
            "visible": self._chance.random() < 0.7,
            "metadata": mutations.HEAVY,
            "variant": variant,
            **common,
        }
        self._asked = set()
        payload = (await wire.ask(CALLS["startSession"], input=given))["told"]
        assert payload["problems"] == []
        session_id: str = payload["session"]["id"]
        self._note(session_id, payload)
        return session_id

    # ---- calls ----

    async def _move(self, wire: Wire) -> None:
        await self._call(wire, "keepaliveSession", path=self._path(), visible=self._chance.random() < 0.8)

    async def _beat(self, wire: Wire) -> None:
        session_id = self._one()
        await self._call(wire, "keepaliveSession", session_id, visible=self._mine[session_id].visible)

    async def _hide(self, wire: Wire) -> None:
        await self._call(wire, "hideSession")

    async def _special(self, wire: Wire) -> None:
        session_id = self._one()
        call, given = mutations.special(self._mine[session_id].kind, next(self._numbers))
        del self._mine[session_id]  # seen anew, whatever it is now
        await self._call(wire, call, session_id, **given)

    async def _move_together(self, wire: Wire) -> None:
        chosen = self._chance.sample(sorted(self._mine), FEW)
        self._asked = set(chosen)
        inputs = [{"id": session_id, "path": self._path()} for session_id in chosen]
        for session_id, payload in zip(
            chosen, (await wire.ask(mutations.TOGETHER, inputs=inputs))["told"], strict=True
        ):
            self._note(session_id, payload)

    async def _stop(self, wire: Wire) -> None:
        session_id = self._one()
        await self._call(wire, "stopSession", session_id)
        self._mine.pop(session_id, None)

    async def _terminate(self, wire: Wire) -> None:
        session_id = self._one()
        await self._call(wire, "terminateSession", session_id, reason="why")
        self._mine.pop(session_id, None)

    async def _delete(self, wire: Wire) -> None:
        session_id = self._one()
        self._asked = {session_id}
        await wire.ask(mutations.DELETE, id=session_id)
        del self._mine[session_id]

    async def _call(self, wire: Wire, call: str, session_id: str | None = None, /, **given: Any) -> None:
        session_id = session_id or self._one()
        self._asked = {session_id}
        self._note(session_id, (await wire.ask(CALLS[call], input={"id": session_id, **given}))["told"])

    def _note(self, session_id: str, payload: dict[str, Any]) -> None:
        if payload["problems"]:
            assert {problem["code"] for problem in payload["problems"]} <= OVER, payload
            self._mine.pop(session_id, None)
            return
        session = payload["session"]
        now = Shown(session["kind"], session["path"], session["visible"])
        if now != self._mine.get(session_id):
            self._ledger.revisions[session_id] = session["revision"]
        self._mine[session_id] = now

    def _one(self) -> str:
        return self._chance.choice(sorted(self._mine))

    def _path(self) -> list[str]:
        path = self._chance.choice(mutations.PATHS)
        return [*path, f"page {next(self._numbers)}"] if self._chance.random() < 0.5 else path
