"""Clients that keep a session alive on a real server."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

from tests.api.session_inputs import MEDIA
from tests.live_server import Connection

VARIANTS: Final[dict[str, dict[str, Any]]] = {
    "client": {"clientSystem": "iOS"},
    "field": {"unitId": "u", "data": [{"name": "a", "value": "1"}, {"name": "b", "value": "2"}]},
    "media": MEDIA,
}
"""Of kinds without an end at a fixed time, which a step of the clock may reach."""
FIELDS: Final = "elapsedSeconds visibleSeconds"
RETRYABLE: Final = ("the time of this call is past", "The operation took longer", "could not be written for a while")
"""Errors of calls that meet a step of the clock or a suspension."""


def assert_alive(payload: dict[str, Any]) -> None:
    assert payload["problems"] == []
    assert payload["session"]["state"] == "ACTIVE"
    assert min(payload["session"][name] for name in FIELDS.split()) >= 0


class Keeper:
    """Client of one session, which repeats what the server asks to repeat."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.calls = 0

    async def mutate(self, field: str, input_: dict[str, Any]) -> Any:
        type_ = f"{field[0].upper()}{field[1:]}Input"
        selection = f"session {{ id state {FIELDS} }} problems {{ code }}"
        document = f"mutation($input: {type_}!) {{ {field}(input: $input) {{ {selection} }} }}"
        while True:
            self.calls += 1
            try:
                return (await self._connection.ask(document, input=input_))[field]
            except AssertionError as error:
                if not any(reason in str(error) for reason in RETRYABLE):
                    raise


async def keep_alive(
    connect: Callable[[int], AbstractAsyncContextManager[Connection]], port: int, kind: str, stop: asyncio.Event
) -> int:
    """Keep a session with the shortest timeout alive, and then stop it. Returns the number of calls."""
    async with connect(port) as connection:
        keeper = Keeper(connection)
        started = await keeper.mutate("startSession", {"variant": {kind: VARIANTS[kind]}, "timeoutSeconds": 10})
        id_ = started["session"]["id"]
        while not stop.is_set():
            path = [str(keeper.calls)]
            assert_alive(await keeper.mutate("keepaliveSession", {"id": id_, "path": path}))
            await asyncio.sleep(0.2)
        assert (await keeper.mutate("stopSession", {"id": id_}))["problems"] == []
    return keeper.calls
