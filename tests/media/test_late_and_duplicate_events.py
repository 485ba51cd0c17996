"""Events that arrive in another order, too late, twice, or at once: trackMedia and the pings of the other calls."""

import asyncio
from typing import Any

import pytest

from tests.api.session_inputs import problem_codes
from tests.api_client import ApiClient
from tests.media.player_client import AD, PlayerClient, event_input, player_time, start_player


def codes_and_paths(payload: dict[str, Any]) -> list[tuple[str, str]]:
    """The codes of problems, each with its path."""
    return [(problem["code"], ".".join(problem["path"])) for problem in payload["problems"]]


async def test_events_of_one_call_are_sorted_by_ts(api: ApiClient) -> None:
    found = await start_player(api)
    payload = await found.track(
        event_input(300, "PING", 200), event_input(100, "PLAY", 0), event_input(150, "PAUSE_START", 50)
    )
    assert (payload["problems"], payload["session"]["metrics"]["contentSeconds"]) == ([], 50)
    assert (payload["session"]["playerState"], payload["session"]["playhead"]) == ("PAUSED", 200)


async def test_event_up_to_a_minute_old_is_reordered(api: ApiClient) -> None:
    found = await start_player(api)
    await found.send((0, "PLAY", 0), (100, "PING", 100))
    payload = await found.track(event_input(40, "PAUSE_START", 40))
    assert payload["problems"] == []
    assert payload["session"]["metrics"]["contentSeconds"] == 40
    assert (payload["session"]["playerState"], payload["session"]["playhead"]) == ("PAUSED", 100)


async def test_late_event_is_recorded_and_not_counted(api: ApiClient) -> None:
    found = await start_player(api)
    await found.send((0, "PLAY", 0), (100, "PING", 100))
    late = event_input(39.999, "PAUSE_START", 40)
    payload = await found.track(late, event_input(101, "PING", 101))
    assert codes_and_paths(payload) == [("LATE_EVENT", "input.events.0.playerTime.ts")]
    expected = {"contentSeconds": 101, "pauseCount": 0}
    assert {name: payload["session"]["metrics"][name] for name in expected} == expected
    assert payload["session"]["playerState"] == "PLAYING"
    entry = (await found.activities())[-1]
    assert (entry["type"], entry["clientTime"]) == ("PAUSE_START", late["playerTime"]["ts"])
    assert entry["data"] == {"playhead": 40, "flag": "LATE"}
    # Sent again it is late again, and once on the timeline.
    assert codes_and_paths(await found.track(late)) == [("LATE_EVENT", "input.events.0.playerTime.ts")]
    assert len(await found.activities()) == 2


async def test_events_with_equal_ts_count_in_order_of_arrival(api: ApiClient) -> None:
    found = await start_player(api)
    await found.send((0, "PLAY", 0), (10, "PAUSE_START", 10))
    shown = await found.send((10, "BUFFER_START", 10))
    assert shown["playerState"] == "BUFFERING"
    assert (await found.send((10, "PING", 10)))["playerState"] == "BUFFERING"


async def test_duplicate_event_counts_once(api: ApiClient) -> None:
    found = await start_player(api)
    events = [
        event_input(0, "PLAY"),
        event_input(5, "PAUSE_START", 5),
        event_input(5, "PAUSE_START", 5),
        event_input(9, "ERROR", 5),
    ]
    first = await found.track(*events)
    assert (first["problems"], first["session"]["metrics"]["pauseCount"]) == ([], 1)
    again = await found.track(*events)
    assert (again["problems"], again["session"]["metrics"]) == ([], first["session"]["metrics"])
    await found.send((500, "PING", 5))
    after = await found.track(*events)
    assert (after["problems"], after["session"]["metrics"]["pauseCount"]) == ([], 1)
    assert [entry["type"] for entry in await found.activities()] == ["PLAY", "PAUSE_START", "ERROR"]


async def test_event_identity_includes_normalized_parameters(api: ApiClient) -> None:
    found = await start_player(api)
    ads: list[dict[str, Any]] = [
        {"media.ad.length": 15},
        {"media.ad.length": 15.0},
        {"media.ad.length": 15.5},
        {"media.ad.id": "b"},
    ]
    shown = await found.send(
        (0, "AD_BREAK_START", 0), *((1, "AD_START", 0, {"params": AD | changed}) for changed in ads)
    )
    assert shown["metrics"]["adStarts"] == 3


async def test_event_identity_includes_bitrate_and_error_in_qoe(api: ApiClient) -> None:
    found = await start_player(api)
    shown = await found.send(
        (1, "BITRATE_CHANGE", 0, {"qoe": {"bitrate": 1}}),
        (1, "BITRATE_CHANGE", 0, {"qoe": {"media.qoe.bitrate": 1, "droppedFrames": 7}}),
        (1, "BITRATE_CHANGE", 0, {"qoe": {"bitrate": 2}}),
        (1, "ERROR", 0, {"qoe": {"errorID": "e", "errorSource": "player"}}),
        (1, "ERROR", 0, {"params": {"media.errorId": "e", "media.errorSource": "player"}}),
        (1, "ERROR", 0, {"params": {"media.errorId": "f"}}),
    )
    assert (shown["metrics"]["bitrateChanges"], shown["metrics"]["errorCount"]) == (2, 2)


async def test_first_of_two_pings_with_equal_ts_counts(api: ApiClient) -> None:
    found = await start_player(api)
    for playhead in (1, 2, 1):
        given = {"id": found.id, "media": {"playerTime": player_time(10, playhead)}}
        assert (await api.mutate("keepaliveSession", given))["problems"] == []
    assert (await found.session())["playhead"] == 1
    # The same place told by another call is another event of that moment.
    await api.mutate("hideSession", {"id": found.id, "media": {"playerTime": player_time(10, 3)}})
    assert (await found.session())["playhead"] == 3


@pytest.mark.parametrize(
    ("seconds", "problem"),
    [
        (-0.001, "must not be before the ts of the start"),
        (0, None),
        (1260, None),
        (1260.001, "is more than 60 s further from the start's ts than the server's clock is from the start"),
    ],
)
async def test_ts_out_of_bounds_refuses_only_that_event(api: ApiClient, seconds: float, problem: str | None) -> None:
    found = await start_player(api)
    payload = await found.track(event_input(seconds, "ERROR"), event_input(10, "ERROR"))
    assert payload["session"]["metrics"]["errorCount"] == (2 if problem is None else 1)
    assert [each["message"] for each in payload["problems"]] == ([] if problem is None else [problem])
    assert codes_and_paths(payload) == ([] if problem is None else [("BAD_USER_INPUT", "input.events.0.playerTime.ts")])
    assert len(await found.activities()) == (2 if problem is None else 1)


async def test_problems_are_in_order_of_the_input(api: ApiClient) -> None:
    found = await start_player(api)
    await found.send((1000, "PING", 0))
    payload = await found.track(
        event_input(5000, "PING"), event_input(900, "PING"), event_input(-1, "PING"), event_input(1001, "PING")
    )
    assert [problem["path"][2] for problem in payload["problems"]] == ["0", "1", "2"]
    assert problem_codes(payload) == ["BAD_USER_INPUT", "LATE_EVENT", "BAD_USER_INPUT"]


async def test_unmatched_close_is_recorded_with_flag(api: ApiClient) -> None:
    found = await start_player(api)
    await found.send(
        (10, "AD_COMPLETE", 0), (11, "AD_SKIP", 0), (12, "AD_BREAK_COMPLETE", 0), (13, "CHAPTER_COMPLETE", 0),
        (14, "CHAPTER_SKIP", 0), (15, "STATE_END", 0, {"name": "mute"}), (16, "AD_START", 0), (17, "PLAY", 0),
    )  # fmt: skip
    flags = [entry["data"].get("flag") for entry in await found.activities()]
    assert flags == ["CLOSES_NOTHING"] * 6 + ["OUTSIDE_BREAK", None]
    # What they close may arrive after them: then they count, and what is on the timeline stays.
    shown = await found.send((1, "AD_BREAK_START", 0), (2, "AD_START", 0))
    assert (shown["metrics"]["adStarts"], shown["metrics"]["adCompletes"]) == (1, 1)
    assert [entry["data"].get("flag") for entry in await found.activities()] == [*flags, None, None]


async def test_session_shows_newest_qoe_value_of_each_name(api: ApiClient) -> None:
    found = await start_player(api, qoe={"bitrate": 1, "note": "start"})
    await found.send((50, "PING", 0, {"qoe": {"bitrate": 50}}))
    shown = await found.send((20, "PING", 0, {"qoe": {"bitrate": 20, "note": "twenty"}}))
    assert shown["qoe"] == {"media.qoe.bitrate": 50, "note": "twenty"}
    assert (await found.send((50, "ERROR", 0, {"qoe": {"bitrate": 51}})))["qoe"]["media.qoe.bitrate"] == 51


async def test_qoe_beyond_limit_refuses_only_that_event(api: ApiClient) -> None:
    found = await start_player(api, qoe={f"n{i}": i for i in range(50)})
    payload = await found.track(
        event_input(1, "ERROR", qoe={"n0": 7}), event_input(2, "ERROR", qoe={"more": 1}), event_input(3, "ERROR")
    )
    assert codes_and_paths(payload) == [("BAD_USER_INPUT", "input.events.1.qoe")]
    assert (payload["session"]["metrics"]["errorCount"], payload["session"]["qoe"]["n0"]) == (2, 7)


# ---- the call ----


async def test_track_media_is_a_heartbeat_even_if_events_are_refused(api: ApiClient) -> None:
    found = await start_player(api)
    await api.advance(60)
    payload = await found.track(event_input(-5, "PING"), fields="lastSeenAt visibleSeconds")
    assert payload["session"]["lastSeenAt"] == "2026-05-28T20:47:40.000Z"
    assert (payload["session"]["visibleSeconds"], payload["session"]["revision"]) == (1260, 2)
    assert payload["keepaliveSeconds"] == 120
    assert (await found.track())["session"]["revision"] == 3


async def test_only_media_sessions_have_a_player(api: ApiClient) -> None:
    session = await api.start_user()
    payload = await api.mutate("trackMedia", {"id": session["id"], "events": [event_input(0, "PLAY")]})
    assert codes_and_paths(payload) == [("BAD_USER_INPUT", "input.id")]
    assert (payload["problems"][0]["message"], payload["session"]["revision"]) == (
        "only MEDIA sessions have a player; this one is USER",
        1,
    )
    assert codes_and_paths(await api.mutate("trackMedia", {"id": "s_nobody", "events": []})) == [
        ("NOT_FOUND", "input.id")
    ]


async def test_ended_session_takes_no_events(api: ApiClient) -> None:
    found = await start_player(api)
    await found.send((0, "PLAY", 0), (9, "PING", 9))
    before = await found.metrics()
    await api.mutate("stopSession", {"id": found.id})
    payload = await found.track(event_input(20, "PING", 20))
    assert codes_and_paths(payload) == [("SESSION_ENDED", "input.id")]
    assert payload["session"]["metrics"] == before


async def test_concurrent_calls_for_one_session_all_count(api: ApiClient) -> None:
    found = await start_player(api)
    halves = [[event_input(at, "ERROR", at) for at in range(start, 40, 2)] for start in (0, 1)]
    payloads = await asyncio.gather(*(found.track(*half) for half in halves))
    assert [payload["problems"] for payload in payloads] == [[], []]
    assert (await found.metrics())["errorCount"] == 40
    assert (await found.session())["revision"] == 3
    same = await asyncio.gather(*(found.track(event_input(50, "ERROR")) for _ in range(5)))
    assert [payload["problems"] for payload in same] == [[]] * 5
    assert (await found.metrics())["errorCount"] == 41


async def test_watermark_advances_within_a_batch(api: ApiClient) -> None:
    found = await start_player(api)
    await found.send((0, "PLAY", 0), (50, "ERROR", 50))
    # One transaction: the second call makes the events of the third older than a minute.
    calls = [
        found.track(event_input(55, "ERROR", 55)),
        found.track(event_input(500, "PING", 0)),
        found.track(event_input(55, "ERROR")),
    ]
    payloads = await asyncio.gather(
        *calls, found.track(event_input(50, "ERROR")), found.track(event_input(56, "ERROR"))
    )
    assert [codes_and_paths(payload) for payload in payloads] == [
        [],
        [],
        [],
        [],
        [("LATE_EVENT", "input.events.0.playerTime.ts")],
    ]
    assert (await found.metrics())["errorCount"] == 2


async def test_refused_call_does_not_fail_others_of_the_batch(api: ApiClient) -> None:
    players: list[PlayerClient] = [await start_player(api, ago=10) for _ in range(4)]
    await api.mutate("stopSession", {"id": players[1].id})
    calls = [
        players[0].track(event_input(0, "PLAY"), event_input(5, "PING", 5)),
        players[1].track(event_input(0, "PLAY")),
        players[2].track(event_input(9000, "PLAY"), event_input(0, "PLAY")),
        players[3].track(event_input(1, "AD_START", params={})),
        players[3].track(event_input(0, "PLAY"), event_input(7, "PING", 7)),
    ]
    payloads = await asyncio.gather(*calls)
    assert [problem_codes(payload) for payload in payloads] == [
        [],
        ["SESSION_ENDED"],
        ["BAD_USER_INPUT"],
        ["BAD_USER_INPUT"] * 3,
        [],
    ]
    assert [(await each.metrics())["contentSeconds"] for each in players] == [5, 0, 0, 7]
