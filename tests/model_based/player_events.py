"""What players tell, and what becomes of their lives by that."""

from bisect import insort
from collections.abc import Sequence
from operator import attrgetter
from typing import Any, Final

from tests.media.reference_metrics import PLAYER, Told, Whole
from tests.model_based.reference_session import Life
from tests.model_based.render import text
from tests.model_based.steps import PingAt, Track

FIRST_TS: Final = 1_700_000_000_000
"""What the clocks of players say at each start: nothing depends on how far they are off."""
LENGTH: Final = 60
"""What is played, in seconds."""
MINUTE: Final = 60_000
PINGS: Final = {"keepalive": "PING", "hide": "HIDE", "stop": "STOP"}
"""The events that calls with a player are."""
SHOWN: Final = {*PLAYER, "ERROR"}
"""Those of the events told here that have activities of their own."""


def told(what: str, step: PingAt, life: Life | None) -> Told:
    """Where the player of a life says it is."""
    if life is None:
        return Told(FIRST_TS, what, step.playhead)
    present = life.events[-1].ts if step.from_newest else life.events[0].ts + max(0, life.age)
    return Told(present + step.offset, what, step.playhead)


def events(step: Track, life: Life | None) -> list[Told]:
    """What a player tells at once."""
    return [told(what, at, life) for what, at in step.events]


def time(event: Told) -> dict[str, Any]:
    """The `playerTime` of an event."""
    return {"playhead": event.playhead, "ts": text(event.ts)}


def sent(events: Sequence[Told]) -> list[dict[str, Any]]:
    """Events as the server gets them."""
    return [{"type": event.type, "playerTime": time(event)} for event in events]


def figures(life: Life) -> dict[str, Any]:
    """The figures of its playback."""
    return Whole(life.events[0], life.events[1:], LENGTH).figures()


def take(life: Life, events: Sequence[Told], now: int) -> list[str]:
    """Take what is told at once into a life; the codes of what is wrong with it, in its order."""
    found = {index: _take(life, events[index], now) for index in sorted(range(len(events)), key=lambda i: events[i].ts)}
    return [code for index in range(len(events)) for code in found[index]]


def _take(life: Life, event: Told, now: int) -> list[str]:
    if not 0 <= event.ts - life.events[0].ts <= max(0, life.age) + MINUTE:
        return ["BAD_USER_INPUT"]
    if event.identity not in life.answered:
        life.answered[event.identity] = _take_new(life, event)
        if event.type in SHOWN:
            life.timeline.append((event.type, now))
    return life.answered[event.identity]


def _take_new(life: Life, event: Told) -> list[str]:
    newest = life.events[-1]
    if event.ts < newest.ts - MINUTE:
        return ["LATE_EVENT"]
    if event.ts >= newest.ts and event.playhead != newest.playhead:
        life.stillness = 0
    insort(life.events, event, key=attrgetter("ts"))
    return []
