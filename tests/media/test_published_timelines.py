"""Timelines published in the Media Collection API's documentation, with their metrics."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from tests.api_client import ApiClient
from tests.media.player_client import (
    EMPTY_METRICS,
    EventSpec,
    PlayerClient,
    assert_metrics,
    parse_events,
    player_time,
    start_player,
)

LENGTH: Final = 60.33333333333333
FIRST: Final[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "media-timeline-1.json").read_text(encoding="utf-8")
)

# The user abandons the content in an ad; the session is stopped at 48 s.
ABANDONED: Final = parse_events(
    """
    0 AD_BREAK_START 0; 0.001 AD_START 0; 1 PING 0; 12 AD_COMPLETE 0; 12.001 AD_BREAK_COMPLETE 0;
    12.002 PLAY 0 bitrate=10000; 20 PING 8; 30 PING 18; 32 ERROR 20; 37 PLAY 20 bitrate=10000; 40 PING 28;
    45 AD_BREAK_START 33; 45.001 AD_START 33
    """
)
ABANDONED_METRICS: Final = EMPTY_METRICS | {
    "contentStarted": True,
    "contentSeconds": 33,
    "mediaSeconds": 48,
    "uniqueSeconds": 33,
    "adSeconds": 15,
    "adStarts": 2,
    "adCompletes": 1,
    "errorCount": 1,
    "averageBitrate": 10000,
    "averageMinuteAudience": 33 / LENGTH,
    "progressMarks": [10, 25, 50],
}

# Two chapters: one with buffering, one with a pause.
CHAPTERS: Final = parse_events(
    """
    0 AD_BREAK_START 0; 0.001 AD_START 0; 10 PING 0; 15 AD_COMPLETE 0; 15.001 AD_START 0 ad=002; 16 PING 0;
    22 AD_COMPLETE 0; 22.001 AD_BREAK_COMPLETE 0; 22.002 PLAY 0; 23 CHAPTER_START 1; 30 PING 8; 33 BUFFER_START 11;
    36 PLAY 11; 40 PING 15; 45 CHAPTER_COMPLETE 20; 46 AD_BREAK_START 21; 46.001 AD_START 21; 47 PING 21;
    54 AD_COMPLETE 21; 54.001 AD_BREAK_COMPLETE 21; 55 CHAPTER_START 22; 60 PING 27; 64 PAUSE_START 31; 70 PING 31;
    74 PLAY 31; 80 PING 37; 87 CHAPTER_COMPLETE 44; 88 SESSION_COMPLETE 45
    """
)
CHAPTER_METRICS: Final = EMPTY_METRICS | {
    "contentStarted": True,
    "contentCompleted": True,
    "contentSeconds": 45,
    "mediaSeconds": 75,
    "adSeconds": 30,
    "adStarts": 3,
    "adCompletes": 3,
    "chapterSeconds": 19 + 22,
    "chapterStarts": 2,
    "chapterCompletes": 2,
    "pauseCount": 1,
    "pauseSeconds": 10,
    "bufferCount": 1,
    "bufferSeconds": 3,
    "uniqueSeconds": 45,
    "averageMinuteAudience": 45 / LENGTH,
    "progressMarks": [10, 25, 50],
}


def first_timeline() -> list[EventSpec]:
    """Read the events of FIRST; of two with one time, the later one gets another millisecond."""
    events: list[EventSpec] = []
    for event in FIRST["events"]:
        at = max(event["t"], events[-1][0] + 0.001) if events else event["t"]
        events.append((at, event["type"], event["playhead"], {"params": event["params"]} if "params" in event else {}))
    return events


def assert_near(metrics: dict[str, Any], expected: dict[str, Any]) -> None:
    """Compare metrics, allowing for the milliseconds between events of one time."""
    near = {
        name: pytest.approx(value, abs=FIRST["tolerance"]) if isinstance(value, int | float) else value
        for name, value in expected.items()
    }
    assert_metrics(metrics, **near)


async def send_one_by_one(player: PlayerClient, events: list[EventSpec]) -> None:
    """Send each event in a call of its own, as the documentation does; a ping is a keepalive."""
    for at, type_, playhead, *more in events:
        if type_ == "PING":
            keepalive = {"id": player.id, "media": {"playerTime": player_time(at, playhead)}}
            assert (await player.api.mutate("keepaliveSession", keepalive))["problems"] == []
        else:
            await player.send((at, type_, playhead, *more))


async def test_completed_content_has_published_metrics(api: ApiClient) -> None:
    expected = dict(FIRST["expect"])
    state = expected.pop("playerState")
    together = await start_player(api, length=FIRST["length"])
    one_by_one = await start_player(api, length=FIRST["length"], ago=100)
    session = await together.send(*first_timeline())
    assert_near(session["metrics"], EMPTY_METRICS | expected)
    assert session["playerState"] == state
    await send_one_by_one(one_by_one, first_timeline())
    assert await one_by_one.metrics() == session["metrics"]


async def test_content_abandoned_in_ad_has_published_metrics(api: ApiClient) -> None:
    player = await start_player(api, length=LENGTH)
    await send_one_by_one(player, ABANDONED)
    stop = {"id": player.id, "media": {"playerTime": player_time(48, 33)}}
    assert (await api.mutate("stopSession", stop))["session"]["endReason"] == "STOPPED"
    assert_near(await player.metrics(), ABANDONED_METRICS)


async def test_chapters_have_published_metrics_and_metrics_are_live(api: ApiClient) -> None:
    player = await start_player(api, length=LENGTH)
    assert await player.metrics() == EMPTY_METRICS
    await player.send(*CHAPTERS[:3])
    assert_near(await player.metrics(), EMPTY_METRICS | {"adSeconds": 10, "mediaSeconds": 10, "adStarts": 1})
    await player.send(*CHAPTERS[3:14])
    live = {"contentSeconds": 15, "chapterSeconds": 14, "bufferCount": 1, "bufferSeconds": 3}
    assert_near(await player.metrics(), live)
    await player.send(*CHAPTERS[14:])
    assert_near(await player.metrics(), CHAPTER_METRICS)
