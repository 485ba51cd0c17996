"""What writers send: operations, and the sessions that they begin."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

from tests.model_based.player_events import FIRST_TS
from tests.model_based.render import text
from tests.model_based.start_inputs import MEDIA

PAYLOAD: Final = "session { id kind revision path visible } problems { code }"
NAMES: Final = (
    *("startSession", "keepaliveSession", "hideSession", "stopSession", "terminateSession"),
    *("trackMedia", "saveFieldData", "updateAgendaSession"),
)
CALLS: Final = {
    name: f"mutation($input: {name[0].upper()}{name[1:]}Input!) {{ told: {name}(input: $input) {{ {PAYLOAD} }} }}"
    for name in NAMES
}
TOGETHER: Final = (
    f"mutation($inputs: [KeepaliveSessionInput!]!) {{ told: keepaliveSessions(inputs: $inputs) {{ {PAYLOAD} }} }}"
)
DELETE: Final = "mutation($id: ID!) { told: deleteSession(id: $id) { problems { code } } }"

PATHS: Final[tuple[list[str], ...]] = (["a"], ["a", "b"], ["a", "c"], ["b"], [])
HEAVY: Final = {"x": "x" * 4000}
"""Metadata: who selects it, and does not read, is soon behind."""
MARKS: Final[tuple[dict[str, Any], ...]] = (
    {"user": {"username": "ann"}},
    {"client": {"clientSystem": "iOS", "deviceId": "device"}},
    {"agenda": {"guide": 1, "name": "x", "startTime": "2026-01-01T00:00:01Z"}},
    {"media": MEDIA},
    {"field": {"unitId": "unit"}},
)
"""Shown or hidden, in the project `other` and on the path a/b, one of these is in each of the sets."""


def anything(chance: Random) -> dict[str, Any]:
    """A session of any kind."""
    variants: list[dict[str, Any]] = [
        {"user": {"username": chance.choice(["ann", "bob"])}},
        {"client": {"clientSystem": chance.choice(["iOS", "web"]), "deviceId": "device"}},
        {"agenda": {"guide": chance.choice([1, 2]), "name": "x", "startTime": "2020-01-01T00:00:00Z"}},
        {"media": MEDIA},
        {"field": {"unitId": "unit"}},
    ]
    return chance.choice(variants)


def soon(chance: Random) -> dict[str, Any]:
    """What begins and ends by itself, soon."""
    begins = datetime.now(UTC) + timedelta(seconds=chance.uniform(-0.5, 1))
    ends = begins + timedelta(seconds=chance.uniform(0.6, 1.5))
    return {"agenda": {"guide": 1, "name": "soon", "startTime": begins.isoformat(), "endTime": ends.isoformat()}}


def special(kind: str, number: int) -> tuple[str, dict[str, Any]]:
    """The call that only a kind knows, and its input without the id; `number` grows from call to call."""
    if kind == "MEDIA":
        event = {
            "type": "PLAY" if number % 2 else "PAUSE_START",
            "playerTime": {"playhead": 0, "ts": text(FIRST_TS + number)},
        }
        return "trackMedia", {"events": [event]}
    if kind == "FIELD":
        return "saveFieldData", {"data": [{"name": "n", "value": f"{number}"}]}
    if kind == "AGENDA":
        return "updateAgendaSession", {"name": f"Talk {number}"}
    return "keepaliveSession", {"path": [f"page {number}"]}
