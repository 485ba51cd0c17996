"""Metrics of playbacks that are sent in one call: ads, chapters, pauses, bitrates, named states, seeks, stalls."""

from typing import Any, Final

import pytest

from tests.api_client import ApiClient
from tests.media.player_client import EMPTY_METRICS, assert_metrics, metrics_of

LATE: Final = 86_400 - 15
"""Playhead of a live stream at 15 seconds before midnight."""
SPANNED: Final = """0 PLAY 0; 5 CHAPTER_START 5; 15 AD_BREAK_START 15; 15 AD_START 15; 30 AD_COMPLETE 15;
    31 AD_BREAK_COMPLETE 15; 35 PAUSE_START 19; 45 PLAY 19; 50 CHAPTER_COMPLETE 24; 60 PING 34"""
RATED: Final = """0 PLAY 0; 10 BITRATE_CHANGE 10 bitrate=1000; 20 PAUSE_START 20 bitrate=9000; 30 PLAY 20 bitrate=2000;
    40 AD_BREAK_START 30; 50 AD_START 30 bitrate=4000; 70 AD_COMPLETE 30"""
NAMED: Final = """0 STATE_START 0 name=fullScreen; 10 STATE_END 5 name=fullScreen; 20 STATE_START 15 name=fullScreen;
    5 PLAY 0; 6 STATE_START 1 name=mute; 8 STATE_START 3 name=mute; 22 PAUSE_START 17; 30 PING 17"""
MOMENT: Final = "0 PLAY 0; 0 CHAPTER_START 0; 0.001 STATE_START 0 name=mute; 0.9 BITRATE_CHANGE 0; 10 PING 9.1"
CHAPTERS: Final = "0 PLAY 0; 1 CHAPTER_START 1; 6 CHAPTER_START 6; 9 CHAPTER_SKIP 9; 12 CHAPTER_COMPLETE 12; 20 PING 20"
ADS: Final = "0 AD_BREAK_START 0; 0 AD_START 0; 5 AD_START 0 ad=b; 9 AD_COMPLETE 0; 12 AD_COMPLETE 0"
NO_LENGTH: Final = {"averageMinuteAudience": None}
ALL_MARKS: Final = [10, 25, 50, 75, 95]


def standing(reason: str) -> str:
    return f"0 PLAY 0; 5 {reason} 5; " + "; ".join(f"{at} PING 5" for at in range(6, 16))


ONLY: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "nothing counts before the first play": (
        "10 PING 0; 20 PING 10; 30 CHAPTER_START 20; 40 PING 30",
        {"chapterStarts": 1},
    ),
    "an ad counts without play, a break without ad does not": (
        "0 AD_BREAK_START 0; 2 AD_START 0; 17 AD_COMPLETE 0; 20 AD_BREAK_COMPLETE 0",
        {"adStarts": 1, "adCompletes": 1, "adSeconds": 15, "mediaSeconds": 15},
    ),
    "a skipped ad is started and not completed": (
        "0 AD_BREAK_START 0; 0 AD_START 0; 5 AD_SKIP 0; 9 AD_BREAK_COMPLETE 0",
        {"adStarts": 1, "adSeconds": 5, "mediaSeconds": 5},
    ),
    "a second ad closes the open one": (
        f"{ADS}; 15 AD_BREAK_COMPLETE 0",
        {"adStarts": 2, "adCompletes": 1, "adSeconds": 9, "mediaSeconds": 9},
    ),
}
"""Events, and the metrics that differ from those of an empty playback."""

PARTS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "the end of a break abandons the open ad": (
        "0 PLAY 0; 10 AD_BREAK_START 10; 10 AD_START 10; 15 AD_BREAK_COMPLETE 10; 20 PING 15",
        {"adStarts": 1, "adCompletes": 0, "adSeconds": 5, "contentSeconds": 15, "mediaSeconds": 20},
    ),
    "an ad outside a break does not count": (
        "0 PLAY 0; 5 AD_START 5; 10 AD_COMPLETE 10; 12 PING 12",
        {"adStarts": 0, "adCompletes": 0, "adSeconds": 0, "contentSeconds": 12, "uniqueSeconds": 12},
    ),
    "play starts content": ("0 PLAY 0; 0 AD_BREAK_START 0", {"contentStarted": True, "contentSeconds": 0}),
    "a chapter spans ads and pauses without their time": (
        SPANNED,
        {"chapterSeconds": 19, "contentSeconds": 34, "adSeconds": 15, "pauseSeconds": 10}
        | {"chapterStarts": 1, "chapterCompletes": 1},
    ),
    "a second chapter closes the open one, a skipped one is not completed": (
        CHAPTERS,
        {"chapterStarts": 2, "chapterCompletes": 0, "chapterSeconds": 8, "contentSeconds": 20},
    ),
    "buffering counts before the first play": (
        "1 BUFFER_START 0; 4 PLAY 0; 6 PING 2",
        {"bufferSeconds": 3, "bufferCount": 1, "contentSeconds": 2, "contentStarted": True},
    ),
    "repeated pause and buffer starts all count": (
        "0 PLAY 0; 1 PAUSE_START 1; 2 PAUSE_START 1; 3 BUFFER_START 1; 5 BUFFER_START 1",
        {"pauseCount": 2, "pauseSeconds": 2, "bufferCount": 2, "bufferSeconds": 2},
    ),
    "the average bitrate covers content and ads": (
        RATED,
        {"averageBitrate": (10 * 1000 + 10 * 2000 + 20 * 4000) / 40, "bitrateChanges": 1},
    ),
    "no bitrate, no average": ("0 PLAY 0; 10 PING 10", {"averageBitrate": None}),
    "named states are counted, and timed while open": (
        NAMED,
        {"states": [{"name": name, "count": 2, "seconds": ms} for name, ms in (("fullScreen", 20), ("mute", 24))]},
    ),
    "content watched again is not unique": (
        "0 PLAY 0; 10 PING 10; 10 PING 2; 10.001 PLAY 2; 22 PING 14",
        {"contentSeconds": 22, "uniqueSeconds": 14},
    ),
    "a seek is not watched, and reaches marks": (
        "0 PLAY 0; 5 PING 5; 6 PING 60; 8 PING 62",
        {"contentSeconds": 8, "uniqueSeconds": 7, "progressMarks": [10, 25, 50], "averageMinuteAudience": 0.08},
    ),
    "twice the time and two seconds is no seek": ("0 PLAY 0; 10 PING 22", {"uniqueSeconds": 22}),
    "more is a seek": ("0 PLAY 0; 10 PING 22.001", {"uniqueSeconds": 0}),
    "below the first mark": ("0 PLAY 0; 1 PING 9.999", {"progressMarks": []}),
    "exactly at the first mark": ("0 PLAY 0; 1 PING 10", {"progressMarks": [10]}),
    "below the last mark": ("0 PLAY 0; 1 PING 94.9", {"progressMarks": [10, 25, 50, 75]}),
    "beyond the length": ("0 PLAY 0; 1 PING 200", {"progressMarks": ALL_MARKS}),
    "three events with one playhead are a stall": (
        "0 PLAY 0; 10 PING 10; 20 PING 10; 30 PING 10; 40 PING 10; 50 PING 20",
        {"stallCount": 1, "contentSeconds": 20, "uniqueSeconds": 20, "mediaSeconds": 20},
    ),
    "two events with one playhead are no stall": (
        "0 PLAY 0; 10 PING 10; 20 PING 10; 30 PING 20",
        {"stallCount": 0, "contentSeconds": 30},
    ),
    "a paused playhead does not stall": (standing("PAUSE_START"), {"stallCount": 0, "contentSeconds": 5}),
    "a buffering playhead does not stall": (standing("BUFFER_START"), {"stallCount": 0, "contentSeconds": 5}),
    "a playhead in a break does not stall": (standing("AD_BREAK_START"), {"stallCount": 0, "contentSeconds": 5}),
    "a pause ends a stall": (
        "0 PLAY 0; 5 PING 0; 9 PAUSE_START 0; 20 PLAY 0; 22 PING 0; 24 PING 0; 30 PING 6",
        {"stallCount": 2, "contentSeconds": 6, "pauseSeconds": 11},
    ),
    "several events within a second are no stall": (MOMENT, {"stallCount": 0, "contentSeconds": 10}),
}
"""Events, and some of the metrics."""


@pytest.mark.parametrize("case", ONLY)
async def test_only_these_metrics_change(api: ApiClient, case: str) -> None:
    events, expected = ONLY[case]
    assert await metrics_of(api, events) == EMPTY_METRICS | expected


@pytest.mark.parametrize("case", PARTS)
async def test_events_have_metrics(api: ApiClient, case: str) -> None:
    events, expected = PARTS[case]
    assert_metrics(await metrics_of(api, events), **expected)


async def test_bitrate_of_start_counts_until_it_changes(api: ApiClient) -> None:
    metrics = await metrics_of(api, "0 PLAY 0; 10 PING 10", qoe={"bitrate": 800})
    assert_metrics(metrics, averageBitrate=800, bitrateChanges=0)
    assert (await metrics_of(api, "0 PING 0; 10 PING 10", qoe={"bitrate": 800}))["averageBitrate"] is None


async def test_content_without_usable_length_has_no_shares(api: ApiClient) -> None:
    metrics = await metrics_of(api, "0 PLAY 0; 10 PING 10", length=0)
    assert_metrics(metrics, contentSeconds=10, uniqueSeconds=10, progressMarks=[], **NO_LENGTH)
    assert_metrics(await metrics_of(api, "0 PLAY 0; 10 PING 10", length=5e-324), progressMarks=ALL_MARKS, **NO_LENGTH)


async def test_live_stream_plays_over_midnight(api: ApiClient) -> None:
    events = f"0 PLAY {LATE}; 10 PING {LATE + 10}; 20 PING 5; 30 PING 15"
    live = {"playerTime": {"playhead": LATE, "ts": "2026-05-28T20:26:40Z"}, "length": 86_400, "contentType": "Live"}
    metrics = await metrics_of(api, events, **live)
    # At midnight the playhead goes back, which is no watched interval.
    assert_metrics(metrics, contentSeconds=30, uniqueSeconds=20, progressMarks=ALL_MARKS)
    assert metrics["averageMinuteAudience"] == pytest.approx(30 / 86_400)
