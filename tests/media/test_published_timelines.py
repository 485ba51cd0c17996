"""The timelines that the documentation of the Media Collection API publishes, with the figures that must come out."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from tests.api_client import ApiClient
from tests.media.player_client import AD, EMPTY_METRICS, PlayerClient, player_time, start_player

LENGTH: Final = 60.33333333333333
PUBLISHED_1: Final[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "media-timeline-1.json").read_text(encoding="utf-8")
)

# The user abandons the content in the middle of an ad; the last thing told is the end of the session, at 48 s.
ABANDONED: Final[list[tuple[Any, ...]]] = [
    (0, "AD_BREAK_START", 0),
    (0.001, "AD_START", 0),
    (1, "PING", 0),
    (12, "AD_COMPLETE", 0),
    (12.001, "AD_BREAK_COMPLETE", 0),
    (12.002, "PLAY", 0, {"qoe": {"bitrate": 10000}}),
    (20, "PING", 8),
    (30, "PING", 18),
    (32, "ERROR", 20),
    (37, "PLAY", 20, {"qoe": {"bitrate": 10000}}),
    (40, "PING", 28),
    (45, "AD_BREAK_START", 33),
    (45.001, "AD_START", 33),
]
ABANDONED_METRICS: Final = EMPTY_METRICS | {
    "contentStarted": True,
    "contentSeconds": 33,
    "adSeconds": 15,
    "mediaSeconds": 48,
    "adStarts": 2,
    "adCompletes": 1,
    "errorCount": 1,
    "averageBitrate": 10000,
    "uniqueSeconds": 33,
    "averageMinuteAudience": 33 / LENGTH,
    "progressMarks": [10, 25, 50],
}

# Two chapters: one with buffering in it, one with a pause.
CHAPTERS: Final[list[tuple[Any, ...]]] = [
    (0, "AD_BREAK_START", 0),
    (0.001, "AD_START", 0),
    (10, "PING", 0),
    (15, "AD_COMPLETE", 0),
    (15.001, "AD_START", 0, {"params": AD | {"media.ad.id": "002", "media.ad.length": 7}}),
    (16, "PING", 0),
    (22, "AD_COMPLETE", 0),
    (22.001, "AD_BREAK_COMPLETE", 0),
    (22.002, "PLAY", 0),
    (23, "CHAPTER_START", 1),
    (30, "PING", 8),
    (33, "BUFFER_START", 11),
    (36, "PLAY", 11),
    (40, "PING", 15),
    (45, "CHAPTER_COMPLETE", 20),
    (46, "AD_BREAK_START", 21),
    (46.001, "AD_START", 21),
    (47, "PING", 21),
    (54, "AD_COMPLETE", 21),
    (54.001, "AD_BREAK_COMPLETE", 21),
    (55, "CHAPTER_START", 22),
    (60, "PING", 27),
    (64, "PAUSE_START", 31),
    (70, "PING", 31),
    (74, "PLAY", 31),
    (80, "PING", 37),
    (87, "CHAPTER_COMPLETE", 44),
    (88, "SESSION_COMPLETE", 45),
]
CHAPTER_METRICS: Final = EMPTY_METRICS | {
    "contentStarted": True,
    "contentCompleted": True,
    "contentSeconds": 45,
    "adSeconds": 30,
    "mediaSeconds": 75,
    "adStarts": 3,
    "adCompletes": 3,
    "chapterStarts": 2,
    "chapterCompletes": 2,
    "chapterSeconds": 19 + 22,
    "pauseCount": 1,
    "pauseSeconds": 10,
    "bufferCount": 1,
    "bufferSeconds": 3,
    "uniqueSeconds": 45,
    "averageMinuteAudience": 45 / LENGTH,
    "progressMarks": [10, 25, 50],
}


def first_timeline() -> list[tuple[Any, ...]]:
    """The first timeline; of two events with one time the later one is a millisecond later."""
    events: list[tuple[Any, ...]] = []
    for event in PUBLISHED_1["events"]:
        at = max(event["t"], events[-1][0] + 0.001) if events else event["t"]
        events.append((at, event["type"], event["playhead"], {"params": event["params"]} if "params" in event else {}))
    return events


def assert_near(found: dict[str, Any], expected: dict[str, Any]) -> None:
    """Equal, but for the milliseconds between events of one time."""
    tolerance = PUBLISHED_1["tolerance"]
    assert {name: found[name] for name in expected} == {
        name: pytest.approx(value, abs=tolerance) if isinstance(value, int | float) else value
        for name, value in expected.items()
    }


async def send_one_by_one(found: PlayerClient, events: list[tuple[Any, ...]]) -> None:
    """As the documentation does: each event by itself, a ping as a keepalive."""
    for at, type_, playhead, *more in events:
        if type_ == "PING":
            given = {"id": found.id, "media": {"playerTime": player_time(at, playhead)}}
            assert (await found.api.mutate("keepaliveSession", given))["problems"] == []
        else:
            await found.send((at, type_, playhead, *more))


async def test_content_that_is_viewed_to_its_end_has_the_published_figures(api: ApiClient) -> None:
    expected = dict(PUBLISHED_1["expect"])
    state = expected.pop("playerState")
    whole = await start_player(api, length=PUBLISHED_1["length"])
    single = await start_player(api, length=PUBLISHED_1["length"], ago=100)
    shown = await whole.send(*first_timeline())
    assert_near(shown["metrics"], EMPTY_METRICS | expected)
    assert shown["playerState"] == state
    await send_one_by_one(single, first_timeline())
    assert await single.metrics() == shown["metrics"]


async def test_content_that_is_abandoned_in_an_ad_has_the_published_figures(api: ApiClient) -> None:
    found = await start_player(api, length=LENGTH)
    await send_one_by_one(found, ABANDONED)
    end = {"id": found.id, "media": {"playerTime": player_time(48, 33)}}
    assert (await api.mutate("stopSession", end))["session"]["endReason"] == "STOPPED"
    assert_near(await found.metrics(), ABANDONED_METRICS)


async def test_content_in_chapters_has_the_published_figures(api: ApiClient) -> None:
    found = await start_player(api, length=LENGTH)
    shown = await found.send(*CHAPTERS)
    assert_near(shown["metrics"], CHAPTER_METRICS)


async def test_the_figures_are_live_while_the_events_come_in(api: ApiClient) -> None:
    found = await start_player(api, length=LENGTH)
    assert await found.metrics() == EMPTY_METRICS
    await found.send(*CHAPTERS[:3])
    assert_near(await found.metrics(), EMPTY_METRICS | {"adSeconds": 10, "mediaSeconds": 10, "adStarts": 1})
    await found.send(*CHAPTERS[3:14])
    assert_near(
        await found.metrics(), {"contentSeconds": 15, "chapterSeconds": 14, "bufferCount": 1, "bufferSeconds": 3}
    )
