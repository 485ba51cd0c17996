"""Writers that remember what was acknowledged to them, and what was not."""

import asyncio
import random
from collections import Counter
from itertools import count
from typing import Any

from tests.model_based.start_inputs import MEDIA
from tests.server_process import Wire

PAYLOAD = "session { id revision } problems { code }"
START = f"mutation($input: StartSessionInput!) {{ startSession(input: $input) {{ {PAYLOAD} }} }}"
KEEPALIVES = f"mutation($inputs: [KeepaliveSessionInput!]!) {{ keepaliveSessions(inputs: $inputs) {{ {PAYLOAD} }} }}"
HIDE = f"mutation($input: HideSessionInput!) {{ hideSession(input: $input) {{ {PAYLOAD} }} }}"
UPDATE = f"""mutation($input: UpdateAgendaSessionInput!) {{
    updateAgendaSession(input: $input) {{ {PAYLOAD} }} }}"""
STOP = f"mutation($input: StopSessionInput!) {{ stopSession(input: $input) {{ {PAYLOAD} }} }}"

FUTURE = {"agenda": {"guide": 1, "name": "Talk", "startTime": "2999-01-01T00:00:00Z", "scheduleTracks": [1, 2]}}
VARIANTS: list[dict[str, Any]] = [
    {"client": {"clientSystem": "iOS"}},
    {"agenda": {"guide": 1, "name": "Talk", "startTime": "2020-01-01T00:00:00Z", "scheduleTracks": [1, 2]}},
    FUTURE,
    {"media": MEDIA},
    {"field": {"unitId": "u", "data": [{"name": "a", "value": "1"}, {"name": "b", "value": "2"}]}},
    {"user": {"username": "ann"}},
]
TIMES = ["2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z", "2021-01-01T00:00:00Z"]
AT_ONCE = 8
"""Sessions that one request keeps alive."""


class Ledger:
    """Revisions that were acknowledged, and changes that may have been made or not."""

    def __init__(self, enough: int) -> None:
        self._enough = enough
        self.has_enough = asyncio.Event()
        self.acknowledged: dict[str, int] = {}
        self.pending: Counter[str] = Counter()
        self.acknowledgements = 0
        self.stopped: set[str] = set()

    def begin(self) -> None:
        """Count from the start again."""
        self.acknowledgements = 0
        self.has_enough.clear()

    def note(self, payload: dict[str, Any]) -> str:
        """Remember an answer; the id of its session."""
        assert payload["problems"] == []
        session_id: str = payload["session"]["id"]
        self.acknowledged[session_id] = payload["session"]["revision"]
        self.pending.pop(session_id, None)
        self.acknowledgements += 1
        if self.acknowledgements >= self._enough:
            self.has_enough.set()
        return session_id


class Writer:
    """One client: it starts sessions of all kinds, keeps them alive, hides, updates and stops them."""

    def __init__(self, ledger: Ledger, number: int) -> None:
        self._ledger = ledger
        self._chance = random.Random(number)  # noqa: S311 - repeatable, not secret
        self._names = count()
        self._mine: list[str] = []
        self._items: set[str] = set()

    async def write(self, wire: Wire) -> None:
        """Until the server is gone."""
        while True:
            if len(self._mine) < AT_ONCE or self._chance.random() < 0.3:
                await self._start(wire)
            await self._keep_alive(wire)
            if self._chance.random() < 0.3:
                await self._change(wire, HIDE, "hideSession", self._chance.choice(self._mine))
            if (items := self._items.intersection(self._mine)) and self._chance.random() < 0.3:
                await self._update(wire, self._chance.choice(sorted(items)))
            if len(self._mine) > 2 * AT_ONCE:
                await self._stop(wire)

    async def _start(self, wire: Wire) -> None:
        given = {"variant": self._chance.choice(VARIANTS), "path": ["home"]}
        data = await wire.ask(START, input=given)
        self._mine.append(self._ledger.note(data["startSession"]))
        if "agenda" in given["variant"]:
            self._items.add(self._mine[-1])

    async def _keep_alive(self, wire: Wire) -> None:
        chosen = self._chance.sample(self._mine, min(AT_ONCE, len(self._mine)))
        self._ledger.pending.update(chosen)
        inputs = [{"id": session_id, "path": [f"page {next(self._names)}"]} for session_id in chosen]
        for payload in (await wire.ask(KEEPALIVES, inputs=inputs))["keepaliveSessions"]:
            self._ledger.note(payload)

    async def _update(self, wire: Wire, session_id: str) -> None:
        """Move an item to other tracks, always two, and perhaps to another time."""
        number = next(self._names)
        given = {"scheduleTracks": [number, number + 1], "startTime": self._chance.choice(TIMES)}
        await self._change(wire, UPDATE, "updateAgendaSession", session_id, **given)

    async def _stop(self, wire: Wire) -> None:
        session_id = self._mine.pop(0)
        await self._change(wire, STOP, "stopSession", session_id)
        self._ledger.stopped.add(session_id)

    async def _change(self, wire: Wire, document: str, field: str, session_id: str, **given: Any) -> None:
        self._ledger.pending[session_id] += 1
        self._ledger.note((await wire.ask(document, input={"id": session_id, **given}))[field])
