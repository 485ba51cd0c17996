"""Metrics of play, pause, buffering, errors, bitrates and named states."""

from tests.api_client import ApiClient
from tests.media.player_client import EMPTY_METRICS, assert_metrics, metrics_of, start_player


async def test_nothing_counts_before_first_play(api: ApiClient) -> None:
    metrics = await metrics_of(api, "10 PING 0; 20 PING 10; 30 CHAPTER_START 20; 40 PING 30")
    assert metrics == EMPTY_METRICS | {"chapterStarts": 1}


async def test_nothing_counts_after_last_event(api: ApiClient) -> None:
    player = await start_player(api, length=100)
    await player.send("0 PLAY 0; 10 PING 10")
    await api.advance(500)
    assert (await player.metrics())["contentSeconds"] == 10
    await api.mutate("stopSession", {"id": player.id})
    assert (await player.metrics())["contentSeconds"] == 10


async def test_player_state_changes_inside_ads(api: ApiClient) -> None:
    player = await start_player(api, length=100)
    session = await player.send("0 PLAY 0; 5 AD_BREAK_START 5; 5 AD_START 5; 8 PAUSE_START 5; 10 BUFFER_START 5")
    assert session["playerState"] == "BUFFERING"
    session = await player.send("14 AD_COMPLETE 5; 16 AD_BREAK_COMPLETE 5; 20 PLAY 5; 21 PING 6")
    assert session["playerState"] == "PLAYING"
    assert_metrics(session["metrics"], contentSeconds=6, adSeconds=3, mediaSeconds=9, pauseSeconds=2, bufferSeconds=10)


async def test_buffering_counts_before_first_play(api: ApiClient) -> None:
    metrics = await metrics_of(api, "1 BUFFER_START 0; 4 PLAY 0; 6 PING 2")
    assert_metrics(metrics, bufferSeconds=3, bufferCount=1, contentSeconds=2, contentStarted=True)


async def test_repeated_pause_and_buffer_starts_all_count(api: ApiClient) -> None:
    metrics = await metrics_of(api, "0 PLAY 0; 1 PAUSE_START 1; 2 PAUSE_START 1; 3 BUFFER_START 1; 5 BUFFER_START 1")
    assert_metrics(metrics, pauseCount=2, pauseSeconds=2, bufferCount=2, bufferSeconds=2)


async def test_error_changes_only_its_count(api: ApiClient) -> None:
    player = await start_player(api, length=100)
    errors = [{"media.errorId": "e1", "media.errorSource": "player"}, {"media.errorId": "e2"}]
    await player.send("0 PLAY 0", *((4, "ERROR", 4, {"params": params}) for params in errors), "9 ERROR 9; 10 PING 10")
    without = await metrics_of(api, "0 PLAY 0; 4 PING 4; 9 PING 9; 10 PING 10")
    assert await player.metrics() == without | {"errorCount": 3}


async def test_average_bitrate_covers_content_and_ads(api: ApiClient) -> None:
    content = "0 PLAY 0; 10 BITRATE_CHANGE 10 bitrate=1000; 20 PAUSE_START 20 bitrate=9000; 30 PLAY 20 bitrate=2000"
    ads = "40 AD_BREAK_START 30; 50 AD_START 30 bitrate=4000; 70 AD_COMPLETE 30"
    metrics = await metrics_of(api, f"{content}; {ads}")
    assert_metrics(metrics, averageBitrate=(10 * 1000 + 10 * 2000 + 20 * 4000) / 40, bitrateChanges=1)


async def test_bitrate_of_start_counts_until_it_changes(api: ApiClient) -> None:
    metrics = await metrics_of(api, "0 PLAY 0; 10 PING 10", qoe={"bitrate": 800})
    assert_metrics(metrics, averageBitrate=800, bitrateChanges=0)
    assert (await metrics_of(api, "0 PLAY 0; 10 PING 10"))["averageBitrate"] is None
    assert (await metrics_of(api, "0 PING 0; 10 PING 10", qoe={"bitrate": 800}))["averageBitrate"] is None


async def test_named_states_are_counted_and_timed_while_open(api: ApiClient) -> None:
    full = "0 STATE_START 0 name=fullScreen; 10 STATE_END 5 name=fullScreen; 20 STATE_START 15 name=fullScreen"
    mute = "6 STATE_START 1 name=mute; 8 STATE_START 3 name=mute"
    metrics = await metrics_of(api, f"{full}; 5 PLAY 0; {mute}; 22 PAUSE_START 17; 30 PING 17")
    assert metrics["states"] == [
        {"name": "fullScreen", "count": 2, "seconds": 20},
        {"name": "mute", "count": 2, "seconds": 24},
    ]


async def test_at_most_ten_named_states_are_counted(api: ApiClient) -> None:
    player = await start_player(api)
    session = await player.send(*(f"{at} STATE_START 0 name=n{at}" for at in range(12)), "20 PING 0")
    assert [state["name"] for state in session["metrics"]["states"]] == [f"n{at}" for at in range(10)]
    session = await player.send("30 STATE_END 0 name=n11; 31 STATE_START 0 name=n0")
    assert [state["count"] for state in session["metrics"]["states"]] == [2] + [1] * 9
    flags = [entry["data"].get("flag") for entry in await player.activities()]
    assert flags == [None] * 10 + ["TOO_MANY_STATES"] * 2 + ["CLOSES_NOTHING", None]


async def test_only_session_complete_completes_content_and_session_stays_active(api: ApiClient) -> None:
    player = await start_player(api, length=10)
    session = await player.send("0 PLAY 0; 10 PING 10")
    assert not session["metrics"]["contentCompleted"]
    session = await player.send("11 SESSION_COMPLETE 10")
    assert (session["metrics"]["contentCompleted"], session["state"], session["playerState"]) == (
        True,
        "ACTIVE",
        "PLAYING",
    )
