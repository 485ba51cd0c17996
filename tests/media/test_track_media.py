"""Whatever a player tells, in whatever order and however cut: the server shows the figures of the whole."""

from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.clock import SECOND
from tests.api_client import World, open_world
from tests.media.player_client import NEEDED, Player, player
from tests.media.reference_metrics import Told, Whole, whole
from tests.media.strategies import LENGTHS, START, arrivals, timelines
from tests.media.test_out_of_order_events import assert_equal
from tests.model_based.render import text

LASTS: Final = 1700
"""Seconds, less than which all timelines take."""
CALLS = timelines(25).flatmap(arrivals)
LABELS: Final = {"AD_START": "media.ad.name", "CHAPTER_START": "media.chapter.friendlyName", "ERROR": "media.errorId"}


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A server for all of them."""
    async with open_world(tmp_path_factory.mktemp("players") / "test.db") as world:
        yield world


def media_event(told: Told, now: int) -> dict[str, Any]:
    """An event as a `MediaEventInput`, by the clock of a player that began at `now`."""
    params = dict(NEEDED.get(told.type, {})) | ({"media.state.name": told.name} if told.name else {})
    params |= {LABELS[told.type]: told.label} if told.label else {}
    return {
        "type": told.type,
        "playerTime": {"playhead": told.playhead, "ts": text(now + told.ts - START)},
        "params": params,
        "qoe": {} if told.bitrate is None else {"bitrate": told.bitrate},
    }


def apart(calls: list[list[Told]]) -> list[list[Told]]:
    """The same calls, cut so that each hide is one by itself; all arrives in the order in which it did."""
    found: list[list[Told]] = []
    for call in calls:
        found.append([])
        for told in call:
            if told.type == "HIDE":
                found += [[told], []]
            else:
                found[-1].append(told)
    return found


async def send(found: Player, events: list[dict[str, Any]]) -> None:
    if [event["type"] for event in events] == ["HIDE"]:
        (event,) = events
        media = {"playerTime": event["playerTime"], "qoe": event["qoe"]}
        payload = await found.world.mutate("hideSession", {"id": found.id, "media": media})
    else:
        payload = await found.track(*events, fields="")
    assert payload["problems"] == []


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(CALLS.map(apart), LENGTHS, st.sampled_from([None, 800]))
async def test_the_server_shows_the_figures_of_the_whole(
    server: World, calls: list[list[Told]], length: float, bitrate: int | None
) -> None:
    began = server.clock.value
    own = {
        "playerTime": {"playhead": 0, "ts": text(began)},
        "length": length,
        "qoe": {"bitrate": bitrate} if bitrate else {},
    }
    found = await player(server, ago=LASTS, **own)
    assert server.clock.value == began + LASTS * SECOND
    for call in calls:
        await send(found, [media_event(told, began) for told in call])
    events = whole(calls)
    expected = Whole(Told(START, "START", 0.0, bitrate), events, length)
    shown = await found.shown()
    assert_equal(shown["metrics"], expected.figures())
    assert shown["playerState"] == expected.player(len(events))
    assert shown["playhead"] == (events[-1].playhead if events else 0)
    activities = [(each["type"], each["clientTime"]) for each in await found.activities() if each["type"] != "HIDDEN"]
    assert sorted(activities) == sorted(
        (told.type, text(began + told.ts - START)) for told in events if told.type not in ("PING", "HIDE")
    )
