"""trackMedia: events out of order, late, duplicate, out of bounds, concurrent."""

import asyncio
from typing import Any

import pytest

from tests.api.session_inputs import problem_codes
from tests.api_client import ApiClient
from tests.blobs.form_client import problem_paths
from tests.media.player_client import AD, assert_metrics, event_input, player_time, start_player

TS_PATH = "input.events.0.playerTime.ts"


async def test_event_up_to_a_minute_old_is_reordered(api: ApiClient) -> None:
    player = await start_player(api)
    await player.send("0 PLAY 0; 100 PING 100")
    session = await player.send("40 PAUSE_START 40")
    assert (session["metrics"]["contentSeconds"], session["playerState"], session["playhead"]) == (40, "PAUSED", 100)


async def test_late_event_is_recorded_and_not_counted(api: ApiClient) -> None:
    player = await start_player(api)
    await player.send("0 PLAY 0; 100 PING 100")
    payload = await player.track("39.999 PAUSE_START 40; 101 PING 101")
    assert problem_paths(payload) == [("LATE_EVENT", TS_PATH)]
    assert_metrics(payload["session"]["metrics"], contentSeconds=101, pauseCount=0)
    assert payload["session"]["playerState"] == "PLAYING"
    entry = (await player.activities())[-1]
    assert (entry["type"], entry["clientTime"]) == ("PAUSE_START", player_time(39.999)["ts"])
    assert entry["data"] == {"playhead": 40, "flag": "LATE"}
    # Sent again, it is late again, and once on the timeline.
    assert problem_paths(await player.track("39.999 PAUSE_START 40")) == [("LATE_EVENT", TS_PATH)]
    assert len(await player.activities()) == 2


async def test_events_with_equal_ts_count_in_order_of_arrival(api: ApiClient) -> None:
    player = await start_player(api)
    await player.send("0 PLAY 0; 10 PAUSE_START 10")
    assert (await player.send("10 BUFFER_START 10"))["playerState"] == "BUFFERING"
    assert (await player.send("10 PING 10"))["playerState"] == "BUFFERING"


async def test_duplicate_event_counts_once(api: ApiClient) -> None:
    player = await start_player(api)
    events = "0 PLAY 0; 5 PAUSE_START 5; 5 PAUSE_START 5; 9 ERROR 5"
    first = await player.send(events)
    assert first["metrics"]["pauseCount"] == 1
    assert (await player.send(events))["metrics"] == first["metrics"]
    await player.send("500 PING 5")
    assert (await player.send(events))["metrics"]["pauseCount"] == 1
    assert [entry["type"] for entry in await player.activities()] == ["PLAY", "PAUSE_START", "ERROR"]


async def test_event_identity_includes_normalized_parameters(api: ApiClient) -> None:
    player = await start_player(api)
    changes: list[dict[str, Any]] = [{"media.ad.length": length} for length in (15, 15.0, 15.5)]
    ads = [(1, "AD_START", 0, {"params": AD | changed}) for changed in [*changes, {"media.ad.id": "b"}]]
    assert (await player.send("0 AD_BREAK_START 0", *ads))["metrics"]["adStarts"] == 3


async def test_event_identity_includes_bitrate_and_error_in_qoe(api: ApiClient) -> None:
    player = await start_player(api)
    session = await player.send(
        (1, "BITRATE_CHANGE", 0, {"qoe": {"bitrate": 1}}),
        (1, "BITRATE_CHANGE", 0, {"qoe": {"media.qoe.bitrate": 1, "droppedFrames": 7}}),
        (1, "BITRATE_CHANGE", 0, {"qoe": {"bitrate": 2}}),
        (1, "ERROR", 0, {"qoe": {"errorID": "e", "errorSource": "player"}}),
        (1, "ERROR", 0, {"params": {"media.errorId": "e", "media.errorSource": "player"}}),
        (1, "ERROR", 0, {"params": {"media.errorId": "f"}}),
    )
    assert_metrics(session["metrics"], bitrateChanges=2, errorCount=2)


async def test_first_of_two_pings_with_equal_ts_counts(api: ApiClient) -> None:
    player = await start_player(api)
    for playhead in (1, 2, 1):
        ping = {"id": player.id, "media": {"playerTime": player_time(10, playhead)}}
        assert (await api.mutate("keepaliveSession", ping))["problems"] == []
    assert (await player.session())["playhead"] == 1
    # The ping of a hide is of another type, so it is another event.
    await api.mutate("hideSession", {"id": player.id, "media": {"playerTime": player_time(10, 3)}})
    assert (await player.session())["playhead"] == 3


@pytest.mark.parametrize(
    ("seconds", "messages"),
    [
        (-0.001, ["must be 2026-05-28T20:26:40.000Z (ts of the start) or later, not 2026-05-28T20:26:39.999Z"]),
        (0, []),
        (1260, []),
        (
            1260.001,
            [
                (
                    "must be 2026-05-28T20:47:40.000Z (ts of the start, time since then, and 60 s) or earlier, "
                    "not 2026-05-28T20:47:40.001Z"
                )
            ],
        ),
    ],
)
async def test_ts_out_of_bounds_refuses_only_that_event(api: ApiClient, seconds: float, messages: list[str]) -> None:
    player = await start_player(api)
    payload = await player.track(f"{seconds} ERROR 0; 10 ERROR 0")
    assert payload["session"]["metrics"]["errorCount"] == len(await player.activities()) == 2 - len(messages)
    assert [problem["message"] for problem in payload["problems"]] == messages
    assert problem_paths(payload) == [("BAD_USER_INPUT", TS_PATH)] * len(messages)


async def test_problems_are_in_order_of_the_input(api: ApiClient) -> None:
    player = await start_player(api)
    await player.send("1000 PING 0")
    payload = await player.track("5000 PING 0; 900 PING 0; -1 PING 0; 1001 PING 0")
    assert [problem["path"][2] for problem in payload["problems"]] == ["0", "1", "2"]
    assert problem_codes(payload) == ["BAD_USER_INPUT", "LATE_EVENT", "BAD_USER_INPUT"]


async def test_unmatched_close_is_recorded_with_flag(api: ApiClient) -> None:
    player = await start_player(api)
    ads = "10 AD_COMPLETE 0; 11 AD_SKIP 0; 12 AD_BREAK_COMPLETE 0"
    await player.send(f"{ads}; 13 CHAPTER_COMPLETE 0; 14 CHAPTER_SKIP 0; 15 STATE_END 0 name=mute")
    await player.send("16 AD_START 0; 17 PLAY 0")
    flags = [entry["data"].get("flag") for entry in await player.activities()]
    assert flags == ["CLOSES_NOTHING"] * 6 + ["OUTSIDE_BREAK", None]
    # If the matching starts arrive later, the closes count; the timeline stays as it is.
    session = await player.send("1 AD_BREAK_START 0; 2 AD_START 0")
    assert_metrics(session["metrics"], adStarts=1, adCompletes=1)
    assert [entry["data"].get("flag") for entry in await player.activities()] == [*flags, None, None]


async def test_session_shows_newest_qoe_value_of_each_name(api: ApiClient) -> None:
    player = await start_player(api, qoe={"bitrate": 1, "note": "start"})
    await player.send("50 PING 0 bitrate=50")
    session = await player.send((20, "PING", 0, {"qoe": {"bitrate": 20, "note": "twenty"}}))
    assert session["qoe"] == {"media.qoe.bitrate": 50, "note": "twenty"}
    assert (await player.send("50 ERROR 0 bitrate=51"))["qoe"]["media.qoe.bitrate"] == 51


async def test_qoe_beyond_limit_refuses_only_that_event(api: ApiClient) -> None:
    player = await start_player(api, qoe={f"n{i}": i for i in range(50)})
    payload = await player.track(
        event_input(1, "ERROR", qoe={"n0": 7}), event_input(2, "ERROR", qoe={"more": 1}), "3 ERROR 0"
    )
    assert problem_paths(payload) == [("BAD_USER_INPUT", "input.events.1.qoe")]
    assert (payload["session"]["metrics"]["errorCount"], payload["session"]["qoe"]["n0"]) == (2, 7)


async def test_track_media_is_a_heartbeat_even_if_events_are_refused(api: ApiClient) -> None:
    player = await start_player(api)
    await api.advance(60)
    payload = await player.track("-5 PING 0", fields="lastSeenAt visibleSeconds")
    assert payload["session"]["lastSeenAt"] == "2026-05-28T20:47:40.000Z"
    assert (payload["session"]["visibleSeconds"], payload["session"]["revision"]) == (1260, 2)
    assert payload["keepaliveSeconds"] == 120
    assert (await player.track())["session"]["revision"] == 3


async def test_only_media_sessions_have_a_player(api: ApiClient) -> None:
    session = await api.start_user()
    payload = await api.mutate("trackMedia", {"id": session["id"], "events": [event_input(0, "PLAY")]})
    assert problem_paths(payload) == [("BAD_USER_INPUT", "input.id")]
    assert payload["problems"][0]["message"] == "must be the id of a session of kind MEDIA, not USER"
    assert payload["session"]["revision"] == 1
    payload = await api.mutate("trackMedia", {"id": "s_unknown", "events": []})
    assert problem_paths(payload) == [("NOT_FOUND", "input.id")]


async def test_ended_session_takes_no_events(api: ApiClient) -> None:
    player = await start_player(api)
    await player.send("0 PLAY 0; 9 PING 9")
    before = await player.metrics()
    await api.mutate("stopSession", {"id": player.id})
    payload = await player.track("20 PING 20")
    assert problem_paths(payload) == [("SESSION_ENDED", "input.id")]
    assert payload["session"]["metrics"] == before


async def test_concurrent_calls_for_one_session_all_count(api: ApiClient) -> None:
    player = await start_player(api)
    halves = ["; ".join(f"{at} ERROR {at}" for at in range(start, 40, 2)) for start in (0, 1)]
    await asyncio.gather(*(player.send(half) for half in halves))
    assert (await player.metrics())["errorCount"] == 40
    assert (await player.session())["revision"] == 3
    await asyncio.gather(*(player.send("50 ERROR 0") for _ in range(5)))
    assert (await player.metrics())["errorCount"] == 41


async def test_watermark_advances_within_a_batch(api: ApiClient) -> None:
    player = await start_player(api)
    await player.send("0 PLAY 0; 50 ERROR 50")
    # In one transaction, the second call makes the events of the later ones older than a minute.
    calls = ("55 ERROR 55", "500 PING 0", "55 ERROR 0", "50 ERROR 0", "56 ERROR 0")
    payloads = await asyncio.gather(*(player.track(call) for call in calls))
    assert [problem_paths(payload) for payload in payloads] == [[], [], [], [], [("LATE_EVENT", TS_PATH)]]
    assert (await player.metrics())["errorCount"] == 2


async def test_refused_call_does_not_fail_others_of_the_batch(api: ApiClient) -> None:
    players = [await start_player(api, ago=10) for _ in range(4)]
    await api.mutate("stopSession", {"id": players[1].id})
    payloads = await asyncio.gather(
        players[0].track("0 PLAY 0; 5 PING 5"),
        players[1].track("0 PLAY 0"),
        players[2].track("9000 PLAY 0; 0 PLAY 0"),
        players[3].track(event_input(1, "AD_START", params={})),
        players[3].track("0 PLAY 0; 7 PING 7"),
    )
    codes = [problem_codes(payload) for payload in payloads]
    assert codes == [[], ["SESSION_ENDED"], ["BAD_USER_INPUT"], ["BAD_USER_INPUT"] * 3, []]
    assert [(await player.metrics())["contentSeconds"] for player in players] == [5, 0, 0, 7]
