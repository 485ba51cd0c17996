"""Playbacks in several calls: metrics and player state after each."""

from tests.api_client import ApiClient
from tests.media.player_client import assert_metrics, metrics_of, start_player


async def test_content_starts_with_first_playing_outside_break(api: ApiClient) -> None:
    player = await start_player(api)
    for event in ("0 AD_BREAK_START 0", "1 PLAY 0", "2 AD_START 0", "9 PAUSE_START 0", "9 AD_BREAK_COMPLETE 0"):
        assert not (await player.send(event))["metrics"]["contentStarted"], event
    assert (await player.send("10 PLAY 0"))["metrics"]["contentStarted"]


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


async def test_error_changes_only_its_count(api: ApiClient) -> None:
    player = await start_player(api, length=100)
    errors = [{"media.errorId": "e1", "media.errorSource": "player"}, {"media.errorId": "e2"}]
    await player.send("0 PLAY 0", *((4, "ERROR", 4, {"params": params}) for params in errors), "9 ERROR 9; 10 PING 10")
    without = await metrics_of(api, "0 PLAY 0; 4 PING 4; 9 PING 9; 10 PING 10")
    assert await player.metrics() == without | {"errorCount": 3}


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
    assert not (await player.send("0 PLAY 0; 10 PING 10"))["metrics"]["contentCompleted"]
    session = await player.send("11 SESSION_COMPLETE 10")
    assert session["metrics"]["contentCompleted"]
    assert (session["state"], session["playerState"]) == ("ACTIVE", "PLAYING")


async def test_progress_marks_need_started_content(api: ApiClient) -> None:
    player = await start_player(api, length=100)
    for events, marks in (
        ("0 PING 60; 1 AD_BREAK_START 60; 1 PLAY 60; 2 AD_START 60", []),
        ("9 AD_BREAK_COMPLETE 60", [10, 25, 50]),
        ("10 PAUSE_START 61; 11 PING 95; 12 PING 3", [10, 25, 50, 75, 95]),
    ):
        assert (await player.send(events))["metrics"]["progressMarks"] == marks


async def test_stall_is_counted_while_open_and_excluded_from_content_and_chapter(api: ApiClient) -> None:
    player = await start_player(api)
    for events, stalls, content, chapter in (
        ("0 PLAY 0; 5 CHAPTER_START 5; 10 PING 10; 15 PING 10", 0, 15, 10),
        ("20 PING 10", 1, 10, 5),
        ("25 CHAPTER_COMPLETE 10; 30 PING 15", 1, 15, 5),
    ):
        metrics = (await player.send(events))["metrics"]
        assert_metrics(metrics, stallCount=stalls, contentSeconds=content, chapterSeconds=chapter)
