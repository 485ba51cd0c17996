"""trackMedia: metrics of random timelines, in random order and batching."""

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
"""Upper bound of the duration of a timeline."""
CALLS = timelines(25).flatmap(arrivals)
LABELS: Final = {"AD_START": "media.ad.name", "CHAPTER_START": "media.chapter.friendlyName", "ERROR": "media.errorId"}


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiClient]:
    async with open_api(tmp_path_factory.mktemp("players") / "test.db") as api:
        yield api


def to_event_input(sent: SentEvent, now: int) -> dict[str, Any]:
    params = dict(REQUIRED_PARAMS.get(sent.type, {})) | ({"media.state.name": sent.name} if sent.name else {})
    params |= {LABELS[sent.type]: sent.label} if sent.label else {}
    return {
        "type": sent.type,
        "playerTime": {"playhead": sent.playhead, "ts": to_rfc3339(now + sent.ts - START)},
        "params": params,
        "qoe": {} if sent.bitrate is None else {"bitrate": sent.bitrate},
    }


def isolate_hides(calls: list[list[SentEvent]]) -> list[list[SentEvent]]:
    """Split calls so that each hide is a call of its overrides."""
    separated: list[list[SentEvent]] = []
    for call in calls:
        separated.append([])
        for event in call:
            if event.type == "HIDE":
                separated += [[event], []]
            else:
                separated[-1].append(event)
    return separated


async def send(player: PlayerClient, events: list[dict[str, Any]]) -> None:
    if [event["type"] for event in events] == ["HIDE"]:
        (event,) = events
        media = {"playerTime": event["playerTime"], "qoe": event["qoe"]}
        payload = await player.api.mutate("hideSession", {"id": player.id, "media": media})
    else:
        payload = await player.track(*events, fields="")
    assert payload["problems"] == []


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(CALLS.map(isolate_hides), LENGTHS, st.sampled_from([None, 800]))
async def test_server_metrics_equal_reference_metrics(
    server: ApiClient, calls: list[list[SentEvent]], length: float, bitrate: int | None
) -> None:
    started = server.clock.value
    overrides = {
        "playerTime": {"playhead": 0, "ts": to_rfc3339(started)},
        "length": length,
        "qoe": {"bitrate": bitrate} if bitrate else {},
    }
    player = await start_player(server, ago=TIMELINE_SECONDS, **overrides)
    assert server.clock.value == started + TIMELINE_SECONDS * SECOND
    for call in calls:
        await send(player, [to_event_input(event, started) for event in call])
    events = merge_calls(calls)
    expected = ReferencePlayback(SentEvent(START, "START", 0.0, bitrate), events, length)
    session = await player.session()
    assert_equal(session["metrics"], expected.metrics())
    assert session["playerState"] == expected.player(len(events))
    assert session["playhead"] == (events[-1].playhead if events else 0)
    activities = [
        (entry["type"], entry["clientTime"]) for entry in await player.activities() if entry["type"] != "HIDDEN"
    ]
    assert sorted(activities) == sorted(
        (event.type, to_rfc3339(started + event.ts - START)) for event in events if event.type not in ("PING", "HIDE")
    )
