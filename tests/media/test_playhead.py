"""Movement of the playhead: unique content, seeks, progress marks, stalls."""

import pytest

from tests.api_client import ApiClient
from tests.media.player_client import assert_metrics, metrics_of, start_player


async def test_rewatched_content_is_not_unique(api: ApiClient) -> None:
    metrics = await metrics_of(api, "0 PLAY 0; 10 PING 10; 10 PING 2; 10.001 PLAY 2; 22 PING 14")
    assert_metrics(metrics, contentSeconds=22, uniqueSeconds=14)


async def test_seek_is_not_watched_and_reaches_progress_marks(api: ApiClient) -> None:
    metrics = await metrics_of(api, "0 PLAY 0; 5 PING 5; 6 PING 60; 8 PING 62")
    assert_metrics(metrics, contentSeconds=8, uniqueSeconds=7, progressMarks=[10, 25, 50], averageMinuteAudience=0.08)


@pytest.mark.parametrize(("playhead", "unique"), [(22, 22), (22.001, 0)])
async def test_playhead_beyond_twice_the_time_and_two_seconds_is_a_seek(
    api: ApiClient, playhead: float, unique: int
) -> None:
    assert (await metrics_of(api, f"0 PLAY 0; 10 PING {playhead}"))["uniqueSeconds"] == unique


async def test_progress_marks_need_started_content(api: ApiClient) -> None:
    player = await start_player(api, length=100)
    for events, marks in (
        ("0 PING 60; 1 AD_BREAK_START 60; 1 PLAY 60; 2 AD_START 60", []),
        ("9 AD_BREAK_COMPLETE 60", [10, 25, 50]),
        ("10 PAUSE_START 61; 11 PING 95; 12 PING 3", [10, 25, 50, 75, 95]),
    ):
        assert (await player.send(events))["metrics"]["progressMarks"] == marks


@pytest.mark.parametrize(
    ("playhead", "marks"), [(9.999, []), (10, [10]), (94.9, [10, 25, 50, 75]), (200, [10, 25, 50, 75, 95])]
)
async def test_progress_mark_is_reached_exactly_at_its_share(api: ApiClient, playhead: float, marks: list[int]) -> None:
    assert (await metrics_of(api, f"0 PLAY 0; 1 PING {playhead}"))["progressMarks"] == marks


async def test_content_without_length_has_no_shares(api: ApiClient) -> None:
    metrics = await metrics_of(api, "0 PLAY 0; 10 PING 10", length=0)
    assert_metrics(metrics, contentSeconds=10, uniqueSeconds=10, averageMinuteAudience=None, progressMarks=[])


async def test_tiny_length_has_finite_metrics(api: ApiClient) -> None:
    metrics = await metrics_of(api, "0 PLAY 0; 10 PING 10", length=5e-324)
    assert_metrics(metrics, averageMinuteAudience=None, progressMarks=[10, 25, 50, 75, 95])


async def test_live_stream_plays_over_midnight(api: ApiClient) -> None:
    late = 86_400 - 15
    metrics = await metrics_of(
        api,
        f"0 PLAY {late}; 10 PING {late + 10}; 20 PING 5; 30 PING 15",
        playerTime={"playhead": late, "ts": "2026-05-28T20:26:40Z"},
        length=86_400,
        contentType="Live",
    )
    # At midnight the playhead goes back, which is no watched interval.
    assert_metrics(metrics, contentSeconds=30, uniqueSeconds=20, progressMarks=[10, 25, 50, 75, 95])
    assert metrics["averageMinuteAudience"] == pytest.approx(30 / 86_400)


async def test_three_events_with_one_playhead_are_a_stall(api: ApiClient) -> None:
    metrics = await metrics_of(api, "0 PLAY 0; 10 PING 10; 20 PING 10; 30 PING 10; 40 PING 10; 50 PING 20")
    assert_metrics(metrics, stallCount=1, contentSeconds=20, uniqueSeconds=20, mediaSeconds=20)


async def test_two_events_with_one_playhead_are_no_stall(api: ApiClient) -> None:
    assert_metrics(
        await metrics_of(api, "0 PLAY 0; 10 PING 10; 20 PING 10; 30 PING 20"), stallCount=0, contentSeconds=30
    )


async def test_stall_is_counted_while_open_and_excluded_from_content_and_chapter(api: ApiClient) -> None:
    player = await start_player(api)
    for events, stalls, content, chapter in (
        ("0 PLAY 0; 5 CHAPTER_START 5; 10 PING 10; 15 PING 10", 0, 15, 10),
        ("20 PING 10", 1, 10, 5),
        ("25 CHAPTER_COMPLETE 10; 30 PING 15", 1, 15, 5),
    ):
        metrics = (await player.send(events))["metrics"]
        assert_metrics(metrics, stallCount=stalls, contentSeconds=content, chapterSeconds=chapter)


@pytest.mark.parametrize("reason", ["PAUSE_START", "BUFFER_START", "AD_BREAK_START"])
async def test_paused_or_buffering_playhead_does_not_stall(api: ApiClient, reason: str) -> None:
    pings = "; ".join(f"{at} PING 5" for at in range(6, 16))
    metrics = await metrics_of(api, f"0 PLAY 0; 5 {reason} 5; {pings}")
    assert_metrics(metrics, stallCount=0, contentSeconds=5)


async def test_pause_ends_stall(api: ApiClient) -> None:
    metrics = await metrics_of(api, "0 PLAY 0; 5 PING 0; 9 PAUSE_START 0; 20 PLAY 0; 22 PING 0; 24 PING 0; 30 PING 6")
    assert_metrics(metrics, stallCount=2, contentSeconds=6, pauseSeconds=11)


async def test_several_events_within_a_second_are_no_stall(api: ApiClient) -> None:
    events = "0 PLAY 0; 0 CHAPTER_START 0; 0.001 STATE_START 0 name=fullScreen; 0.9 BITRATE_CHANGE 0; 10 PING 9.1"
    assert_metrics(await metrics_of(api, events), stallCount=0, contentSeconds=10)
