"""Whatever a player tells, in whatever order and however cut: the server shows the figures of the whole."""

from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.clock import SECOND
from tests.api_client import ApiClient, open_api
from tests.media.player_client import REQUIRED_PARAMS, PlayerClient, start_player
from tests.media.reference_metrics import ReferencePlayback, SentEvent, merge_calls
from tests.media.strategies import LENGTHS, START, arrivals, timelines
from tests.media.test_out_of_order_events import assert_equal
from tests.model_based.render import to_rfc3339

TIMELINE_SECONDS: Final = 1700
"""Seconds, less than which all timelines take."""
CALLS = timelines(25).flatmap(arrivals)
LABELS: Final = {"AD_START": "media.ad.name", "CHAPTER_START": "media.chapter.friendlyName", "ERROR": "media.errorId"}


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiClient]:
    """A server for all of them."""
    async with open_api(tmp_path_factory.mktemp("players") / "test.db") as api:
        yield api


def to_event_input(sent: SentEvent, now: int) -> dict[str, Any]:
    """An event as a `MediaEventInput`, by the clock of a player that began at `now`."""
    params = dict(REQUIRED_PARAMS.get(sent.type, {})) | ({"media.state.name": sent.name} if sent.name else {})
    params |= {LABELS[sent.type]: sent.label} if sent.label else {}
    return {
        "type": sent.type,
        "playerTime": {"playhead": sent.playhead, "ts": to_rfc3339(now + sent.ts - START)},
        "params": params,
        "qoe": {} if sent.bitrate is None else {"bitrate": sent.bitrate},
    }


def isolate_hides(calls: list[list[SentEvent]]) -> list[list[SentEvent]]:
    """The same calls, cut so that each hide is one by itself; all arrives in the order in which it did."""
    separated: list[list[SentEvent]] = []
    for call in calls:
        separated.append([])
        for event in call:
            if event.type == "HIDE":
                separated += [[event], []]
            else:
                separated[-1].append(event)
    return separated


async def send(found: PlayerClient, events: list[dict[str, Any]]) -> None:
    if [event["type"] for event in events] == ["HIDE"]:
        (event,) = events
        media = {"playerTime": event["playerTime"], "qoe": event["qoe"]}
        payload = await found.api.mutate("hideSession", {"id": found.id, "media": media})
    else:
        payload = await found.track(*events, fields="")
    assert payload["problems"] == []


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(CALLS.map(isolate_hides), LENGTHS, st.sampled_from([None, 800]))
async def test_server_metrics_equal_reference_metrics(
    server: ApiClient, calls: list[list[SentEvent]], length: float, bitrate: int | None
) -> None:
    began = server.clock.value
    own = {
        "playerTime": {"playhead": 0, "ts": to_rfc3339(began)},
        "length": length,
        "qoe": {"bitrate": bitrate} if bitrate else {},
    }
    found = await start_player(server, ago=TIMELINE_SECONDS, **own)
    assert server.clock.value == began + TIMELINE_SECONDS * SECOND
    for call in calls:
        await send(found, [to_event_input(told, began) for told in call])
    events = merge_calls(calls)
    expected = ReferencePlayback(SentEvent(START, "START", 0.0, bitrate), events, length)
    shown = await found.session()
    assert_equal(shown["metrics"], expected.metrics())
    assert shown["playerState"] == expected.player(len(events))
    assert shown["playhead"] == (events[-1].playhead if events else 0)
    activities = [(each["type"], each["clientTime"]) for each in await found.activities() if each["type"] != "HIDDEN"]
    assert sorted(activities) == sorted(
        (told.type, to_rfc3339(began + told.ts - START)) for told in events if told.type not in ("PING", "HIDE")
    )
