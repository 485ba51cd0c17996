"""Mutations of the storm's writers, and inputs of random sessions."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

from tests.model_based.inputs import MEDIA
from tests.model_based.player_events import FIRST_TS
from tests.model_based.render import to_rfc3339

PAYLOAD: Final = "session { id kind revision path visible } problems { code }"
NAMES: Final = (
    *("startSession", "keepaliveSession", "hideSession", "stopSession", "terminateSession"),
    *("trackMedia", "saveFieldData", "updateAgendaSession"),
)
MUTATIONS: Final = {
    name: f"mutation($input: {name[0].upper()}{name[1:]}Input!) {{ payload: {name}(input: $input) {{ {PAYLOAD} }} }}"
    for name in NAMES
}
KEEPALIVE_SESSIONS: Final = (
    "mutation($input: KeepaliveSessionsInput!) "
    f"{{ payload: keepaliveSessions(input: $input) {{ results {{ {PAYLOAD} }} }} }}"
)
DELETE_SESSION: Final = "mutation($id: ID!) { payload: deleteSession(input: {id: $id}) { problems { code } } }"

PATHS: Final[tuple[list[str], ...]] = (["a"], ["a", "b"], ["a", "c"], ["b"], [])
LARGE_METADATA: Final = {"x": "x" * 4000}
MARKER_VARIANTS: Final[tuple[dict[str, Any], ...]] = (
    {"user": {"username": "ann"}},
    {"client": {"clientSystem": "iOS", "deviceId": "device"}},
    {"agenda": {"guide": 1, "name": "x", "startTime": "2026-01-01T00:00:01Z"}},
    {"media": MEDIA},
    {"field": {"unitId": "unit"}},
)
"""Visible or hidden, in project `other` and on path a/b, each subscribed set contains one of these."""


def random_variant(random: Random) -> dict[str, Any]:
    variants: list[dict[str, Any]] = [
        {"user": {"username": random.choice(["ann", "bob"])}},
        {"client": {"clientSystem": random.choice(["iOS", "web"]), "deviceId": "device"}},
        {"agenda": {"guide": random.choice([1, 2]), "name": "x", "startTime": "2020-01-01T00:00:00Z"}},
        {"media": MEDIA},
        {"field": {"unitId": "unit"}},
    ]
    return random.choice(variants)


def short_agenda_variant(random: Random) -> dict[str, Any]:
    """Return an agenda item that starts and ends within seconds."""
    starts_at = datetime.now(UTC) + timedelta(seconds=random.uniform(-0.5, 1))
    ends_at = starts_at + timedelta(seconds=random.uniform(0.6, 1.5))
    times = {"startTime": starts_at.isoformat(), "endTime": ends_at.isoformat()}
    return {"agenda": {"guide": 1, "name": "soon", **times}}


def kind_specific_call(kind: str, number: int) -> tuple[str, dict[str, Any]]:
    """Return a mutation that only this kind has, and its input without the id; `number` grows from call to call."""
    if kind == "MEDIA":
        event = {
            "type": "PLAY" if number % 2 else "PAUSE_START",
            "playerTime": {"playhead": 0, "ts": to_rfc3339(FIRST_TS + number)},
        }
        return "trackMedia", {"events": [event]}
    if kind == "FIELD":
        return "saveFieldData", {"data": [{"name": "n", "value": f"{number}"}]}
    if kind == "AGENDA":
        return "updateAgendaSession", {"name": f"Talk {number}"}
    return "keepaliveSession", {"path": [f"page {number}"]}
