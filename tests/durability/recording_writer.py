"""Writers that record which changes were acknowledged."""

import asyncio
import random
from collections import Counter
from itertools import count
from typing import Any

from tests.live_server import Connection
from tests.model_based.inputs import MEDIA

PAYLOAD = "session { id revision } problems { code }"
KEEPALIVES = (
    f"mutation($input: KeepaliveSessionsInput!) {{ keepaliveSessions(input: $input) {{ results {{ {PAYLOAD} }} }} }}"
)

FUTURE_AGENDA = {"agenda": {"guide": 1, "name": "Talk", "startTime": "2999-01-01T00:00:00Z", "scheduleTracks": [1, 2]}}
VARIANTS: list[dict[str, Any]] = [
    {"client": {"clientSystem": "iOS"}},
    {"agenda": {"guide": 1, "name": "Talk", "startTime": "2020-01-01T00:00:00Z", "scheduleTracks": [1, 2]}},
    FUTURE_AGENDA,
    {"media": MEDIA},
    {"field": {"unitId": "u", "data": [{"name": "a", "value": "1"}, {"name": "b", "value": "2"}]}},
    {"user": {"username": "ann"}},
]
START_TIMES = ["2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z", "2021-01-01T00:00:00Z"]
BATCH_SIZE = 8
"""Sessions per keepaliveSessions request."""


class CallCounter:
    def __init__(self) -> None:
        self.calls = 0
        self._target = 0
        self.reached = asyncio.Event()

    def wait_for(self, calls: int) -> asyncio.Event:
        """Get the event that is set once `calls` calls are acknowledged."""
        self._target = calls
        self.reached.clear()
        return self.reached

    def increment(self) -> None:
        self.calls += 1
        if self.calls >= self._target:
            self.reached.set()


class Ledger(CallCounter):
    """Acknowledged revisions, and the number of changes whose response was lost."""

    def __init__(self) -> None:
        super().__init__()
        self.acknowledged: dict[str, int] = {}
        self.pending: Counter[str] = Counter()
        self.stopped: set[str] = set()

    def record(self, payload: dict[str, Any]) -> str:
        """Record a payload. Returns the id of its session."""
        assert payload["problems"] == []
        session_id: str = payload["session"]["id"]
        self.acknowledged[session_id] = payload["session"]["revision"]
        self.pending.pop(session_id, None)
        self.increment()
        return session_id


class RecordingWriter:
    """Client that starts, changes and stops sessions of all kinds, and corrects those that it stopped."""

    def __init__(self, ledger: Ledger, number: int) -> None:
        self._ledger = ledger
        self._random = random.Random(number)  # noqa: S311 - repeatable, not secret
        self._numbers = count()
        self._session_ids: list[str] = []
        self._agenda_ids: set[str] = set()
        self._form_ids: set[str] = set()
        self._stopped_ids: set[str] = set()

    async def write(self, connection: Connection) -> None:
        """Write until the server closes the connection."""
        while True:
            if len(self._session_ids) < BATCH_SIZE or self._random.random() < 0.3:
                await self._start(connection)
            await self._keep_alive(connection)
            if self._random.random() < 0.3:
                await self._change(connection, "hideSession", self._random.choice(self._session_ids))
            if (items := self._agenda_ids.intersection(self._session_ids)) and self._random.random() < 0.3:
                await self._update(connection, self._random.choice(sorted(items)))
            if (forms := self._form_ids.intersection(self._session_ids)) and self._random.random() < 0.3:
                await self._save(connection, self._random.choice(sorted(forms)))
            if self._random.random() < 0.3:
                await self._correct(connection)
            if len(self._session_ids) > 2 * BATCH_SIZE:
                await self._stop(connection)

    async def _start(self, connection: Connection) -> None:
        input_ = {"variant": self._random.choice(VARIANTS), "path": ["home"]}
        self._session_ids.append(self._ledger.record(await self._mutate(connection, "startSession", input_)))
        if "agenda" in input_["variant"]:
            self._agenda_ids.add(self._session_ids[-1])
        if "field" in input_["variant"]:
            self._form_ids.add(self._session_ids[-1])

    async def _keep_alive(self, connection: Connection) -> None:
        chosen = self._random.sample(self._session_ids, min(BATCH_SIZE, len(self._session_ids)))
        self._ledger.pending.update(chosen)
        sessions = [{"id": session_id, "path": [f"page {next(self._numbers)}"]} for session_id in chosen]
        answer = await _ask(connection, KEEPALIVES, {"sessions": sessions})
        for payload in answer["keepaliveSessions"]["results"]:
            self._ledger.record(payload)

    async def _update(self, connection: Connection, session_id: str) -> None:
        """Move an agenda item to two other tracks, and perhaps to another time."""
        number = next(self._numbers)
        values = {"scheduleTracks": [number, number + 1], "startTime": self._random.choice(START_TIMES)}
        await self._change(connection, "updateAgendaSession", session_id, **values)

    async def _save(self, connection: Connection, session_id: str) -> None:
        """Put two other points into the place of the form's two points."""
        names = [["a", "b"], ["c", "d"]]
        self._random.shuffle(names)
        saved, removed = names
        data = [{"name": name, "value": f"{next(self._numbers)}"} for name in saved]
        await self._change(connection, "saveFieldData", session_id, data=data, remove=removed)

    async def _correct(self, connection: Connection) -> None:
        """Correct an item or a form that was stopped, if there is one."""
        if forms := sorted(self._form_ids & self._stopped_ids):
            await self._save(connection, self._random.choice(forms))
        if items := sorted(self._agenda_ids & self._stopped_ids):
            number = next(self._numbers)
            values = {"name": f"Talk {number}", "scheduleTracks": [number, number + 1]}
            await self._change(connection, "updateAgendaSession", self._random.choice(items), **values)

    async def _stop(self, connection: Connection) -> None:
        session_id = self._session_ids.pop(0)
        await self._change(connection, "stopSession", session_id)
        self._ledger.stopped.add(session_id)
        self._stopped_ids.add(session_id)

    async def _change(self, connection: Connection, field: str, session_id: str, **values: Any) -> None:
        self._ledger.pending[session_id] += 1
        self._ledger.record(await self._mutate(connection, field, {"id": session_id, **values}))

    async def _mutate(self, connection: Connection, field: str, input_: dict[str, Any]) -> Any:
        type_ = f"{field[0].upper()}{field[1:]}Input"
        document = f"mutation($input: {type_}!) {{ {field}(input: $input) {{ {PAYLOAD} }} }}"
        return (await _ask(connection, document, input_))[field]


async def _ask(connection: Connection, document: str, input_: dict[str, Any]) -> Any:
    """Execute a mutation; again, if the server was suspended meanwhile, as one on a busy machine may be."""
    while True:
        try:
            return await connection.ask(document, input=input_)
        except AssertionError as error:
            if "the time of this call is past" not in str(error):
                raise
