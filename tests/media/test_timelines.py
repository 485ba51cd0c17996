"""What a player does, one thing a timeline, written by hand from the text of the domain."""

from typing import Any

from tests.api_client import ApiClient
from tests.media.playback import metrics_of, subset
from tests.media.player_client import EMPTY_METRICS, start_player


async def test_nothing_is_counted_before_the_first_play(api: ApiClient) -> None:
    found = await metrics_of(api, (10, "PING", 0), (20, "PING", 10), (30, "CHAPTER_START", 20), (40, "PING", 30))
    assert found == EMPTY_METRICS | {"chapterStarts": 1}


async def test_nothing_is_counted_after_the_last_event(api: ApiClient) -> None:
    found = await start_player(api, length=100)
    await found.send((0, "PLAY", 0), (10, "PING", 10))
    await api.advance(500)
    assert (await found.metrics())["contentSeconds"] == 10
    await api.mutate("stopSession", {"id": found.id})
    assert (await found.metrics())["contentSeconds"] == 10


async def test_the_last_play_pause_or_buffering_holds_inside_an_ad_too(api: ApiClient) -> None:
    found = await start_player(api, length=100)
    shown = await found.send(
        (0, "PLAY", 0), (5, "AD_BREAK_START", 5), (5, "AD_START", 5), (8, "PAUSE_START", 5), (10, "BUFFER_START", 5)
    )
    assert shown["playerState"] == "BUFFERING"
    shown = await found.send((14, "AD_COMPLETE", 5), (16, "AD_BREAK_COMPLETE", 5), (20, "PLAY", 5), (21, "PING", 6))
    assert shown["playerState"] == "PLAYING"
    expected = {"contentSeconds": 6, "adSeconds": 3, "mediaSeconds": 9, "pauseSeconds": 2, "bufferSeconds": 10}
    assert subset(shown["metrics"], **expected) == expected


async def test_a_player_may_wait_for_data_before_it_plays_at_all(api: ApiClient) -> None:
    found = await metrics_of(api, (1, "BUFFER_START", 0), (4, "PLAY", 0), (6, "PING", 2))
    expected = {"bufferSeconds": 3, "bufferCount": 1, "contentSeconds": 2, "contentStarted": True}
    assert subset(found, **expected) == expected


async def test_every_pause_and_every_wait_counts(api: ApiClient) -> None:
    found = await metrics_of(
        api,
        (0, "PLAY", 0),
        (1, "PAUSE_START", 1),
        (2, "PAUSE_START", 1),
        (3, "BUFFER_START", 1),
        (5, "BUFFER_START", 1),
    )
    expected = {"pauseCount": 2, "pauseSeconds": 2, "bufferCount": 2, "bufferSeconds": 2}
    assert subset(found, **expected) == expected


async def test_an_error_changes_only_its_count(api: ApiClient) -> None:
    with_errors = await metrics_of(
        api,
        (0, "PLAY", 0),
        (4, "ERROR", 4, {"params": {"media.errorId": "e1", "media.errorSource": "player"}}),
        (4, "ERROR", 4, {"params": {"media.errorId": "e2"}}),
        (9, "ERROR", 9),
        (10, "PING", 10),
    )
    without = await metrics_of(api, (0, "PLAY", 0), (4, "PING", 4), (9, "PING", 9), (10, "PING", 10))
    assert with_errors == without | {"errorCount": 3}


async def test_the_bitrate_is_averaged_over_the_time_that_content_and_ads_play(api: ApiClient) -> None:
    def at(bitrate: int) -> dict[str, Any]:
        return {"qoe": {"bitrate": bitrate}}

    found = await metrics_of(
        api,
        (0, "PLAY", 0),
        (10, "BITRATE_CHANGE", 10, at(1000)),
        (20, "PAUSE_START", 20, at(9000)),
        (30, "PLAY", 20, at(2000)),
        (40, "AD_BREAK_START", 30),
        (50, "AD_START", 30, {"qoe": {"media.qoe.bitrate": 4000}}),
        (70, "AD_COMPLETE", 30),
    )
    assert found["averageBitrate"] == (10 * 1000 + 10 * 2000 + 20 * 4000) / 40
    assert found["bitrateChanges"] == 1


async def test_the_bitrate_of_the_start_counts_until_another_is_told(api: ApiClient) -> None:
    found = await metrics_of(api, (0, "PLAY", 0), (10, "PING", 10), qoe={"bitrate": 800})
    assert (found["averageBitrate"], found["bitrateChanges"]) == (800, 0)
    assert (await metrics_of(api, (0, "PLAY", 0), (10, "PING", 10)))["averageBitrate"] is None
    assert (await metrics_of(api, (0, "PING", 0), (10, "PING", 10), qoe={"bitrate": 800}))["averageBitrate"] is None


async def test_named_states_are_counted_and_timed_while_they_are_open(api: ApiClient) -> None:
    full, mute = {"name": "fullScreen"}, {"name": "mute"}
    found = await metrics_of(
        api,
        (0, "STATE_START", 0, full),
        (5, "PLAY", 0),
        (6, "STATE_START", 1, mute),
        (8, "STATE_START", 3, mute),
        (10, "STATE_END", 5, full),
        (20, "STATE_START", 15, full),
        (22, "PAUSE_START", 17),
        (30, "PING", 17),
    )
    assert found["states"] == [
        {"name": "fullScreen", "count": 2, "seconds": 20},
        {"name": "mute", "count": 2, "seconds": 24},
    ]


async def test_only_ten_states_have_times(api: ApiClient) -> None:
    found = await start_player(api)
    shown = await found.send(*((at, "STATE_START", 0, {"name": f"n{at}"}) for at in range(12)), (20, "PING", 0))
    assert [each["name"] for each in shown["metrics"]["states"]] == [f"n{at}" for at in range(10)]
    shown = await found.send((30, "STATE_END", 0, {"name": "n11"}), (31, "STATE_START", 0, {"name": "n0"}))
    assert [each["count"] for each in shown["metrics"]["states"]] == [2] + [1] * 9
    flags = [entry["data"].get("flag") for entry in await found.activities()]
    assert flags == [None] * 10 + ["TOO_MANY_STATES"] * 2 + ["CLOSES_NOTHING", None]


async def test_content_is_completed_by_word_only_and_the_session_goes_on(api: ApiClient) -> None:
    found = await start_player(api, length=10)
    shown = await found.send((0, "PLAY", 0), (10, "PING", 10))
    assert not shown["metrics"]["contentCompleted"]
    shown = await found.send((11, "SESSION_COMPLETE", 10))
    assert (shown["metrics"]["contentCompleted"], shown["state"], shown["playerState"]) == (True, "ACTIVE", "PLAYING")
