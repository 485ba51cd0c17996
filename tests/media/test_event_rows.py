"""Rows of table `media_event`, and activities of events."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.engine import Connection

from models.tables import media_event
from tests.api.session_inputs import problem_codes
from tests.api_client import ApiClient
from tests.media.player_client import AD, START_TS, PlayerClient, assert_metrics, event_input, player_time, start_player


def select_rows(tx: Connection, session_id: str) -> list[Any]:
    mine = media_event.c.session_id == session_id
    return list(tx.execute(select(media_event).where(mine).order_by(media_event.c.number)))


async def read_rows(player: PlayerClient) -> list[Any]:
    read: list[Any] = await player.api.app.state.services.database.read(select_rows, player.id)
    return read


async def send_heartbeat(
    player: PlayerClient, name: str, seconds: float, playhead: float = 0, **values: Any
) -> dict[str, Any]:
    """Send a keepalive, hide or stop with a ping."""
    media = {"playerTime": player_time(seconds, playhead)} | values.pop("media", {})
    return await player.api.mutate(f"{name}Session", {"id": player.id, "media": media, **values})


async def test_activities_of_events_are_in_ts_order_with_both_clocks(api: ApiClient) -> None:
    player = await start_player(api)
    await player.send("30 PAUSE_START 20.5; 20 PING 11; 10 PLAY 1")
    now = "2026-05-28T20:46:40.000Z"
    assert await player.activities("type at clientTime data") == [
        {"type": type_, "at": now, "clientTime": player_time(at)["ts"], "data": {"playhead": playhead}}
        for at, type_, playhead in [(10, "PLAY", 1), (30, "PAUSE_START", 20.5)]
    ]


async def test_activity_has_all_data_of_the_event(api: ApiClient) -> None:
    player = await start_player(api)
    data = {"params": AD, "qoe": {"bitrate": 7, "own": [1]}, "customMetadata": {"a.b": "c"}}
    await player.send((1, "AD_BREAK_START", 0), (2, "AD_START", 3, data))
    qoe = {"media.qoe.bitrate": 7, "own": [1]}
    assert (await player.activities())[1]["data"] == data | {"playhead": 3, "qoe": qoe}


async def test_every_event_is_a_row_pings_and_late_ones_included(api: ApiClient) -> None:
    player = await start_player(api)
    await player.send("90 PING 9; 80 PLAY 8 bitrate=1; 80 PLAY 8")
    await send_heartbeat(player, "keepalive", 100, 10, media={"qoe": {"droppedFrames": 2}})
    await player.track(event_input(5, "AD_START", 1, customMetadata={"a": "b"}))
    await send_heartbeat(player, "hide", 110, 11)
    await send_heartbeat(player, "stop", 120, 12)
    await player.track("125 PING 1")
    rows = [
        ((row.ts - START_TS) / 1000, row.type, row.playhead, row.late, row.params, row.qoe, row.custom_metadata)
        for row in await read_rows(player)
    ]
    assert rows == [
        (80, "PLAY", 8, False, None, {"media.qoe.bitrate": 1}, None),
        (90, "PING", 9, False, None, None, None),
        (100, "PING", 10, False, None, {"media.qoe.droppedFrames": 2}, None),
        (5, "AD_START", 1, True, AD, None, {"a": "b"}),
        (110, "HIDE", 11, False, None, None, None),
        (120, "STOP", 12, False, None, None, None),
    ]
    assert [row.number for row in await read_rows(player)] == [1, 2, 3, 4, 5, 6]


async def test_refused_event_is_not_recorded(api: ApiClient) -> None:
    player = await start_player(api)
    await player.track("-1 PLAY 0; 9000 PLAY 0")
    assert (await read_rows(player), await player.activities()) == ([], [])


@pytest.mark.parametrize("name", ["keepalive", "hide", "stop"])
async def test_activities_of_heartbeat_have_playhead_and_client_time(api: ApiClient, name: str) -> None:
    player = await start_player(api)
    more: dict[str, Any] = {"visible": False, "path": ["elsewhere"]} if name == "keepalive" else {}
    await send_heartbeat(player, name, 42, 7.5, **more)
    expected: dict[str, dict[str, Any]] = {"STOPPED": {}} if name == "stop" else {"HIDDEN": {"path": []}}
    if name == "keepalive":
        expected["MOVED"] = {"from": [], "to": ["elsewhere"]}
    assert await player.activities() == [
        {"type": type_, "clientTime": player_time(42)["ts"], "data": data | {"playhead": 7.5}}
        for type_, data in expected.items()
    ]


async def test_late_ping_is_flagged_and_ping_out_of_bounds_omitted(api: ApiClient) -> None:
    player = await start_player(api)
    await player.send("100 PING 10")
    assert problem_codes(await send_heartbeat(player, "hide", 10, 1)) == ["LATE_EVENT"]
    assert problem_codes(await send_heartbeat(player, "keepalive", -10, 1, visible=True)) == ["BAD_USER_INPUT"]
    assert await player.activities() == [
        {"type": "HIDDEN", "clientTime": player_time(10)["ts"], "data": {"path": [], "playhead": 1, "flag": "LATE"}},
        {"type": "SHOWN", "clientTime": None, "data": {"path": []}},
    ]


async def test_activity_without_ping_has_no_client_time(api: ApiClient) -> None:
    player = await start_player(api)
    await api.mutate("hideSession", {"id": player.id})
    await api.mutate("stopSession", {"id": player.id})
    entries = [(entry["clientTime"], entry["data"]) for entry in await player.activities()]
    assert entries == [(None, {"path": []}), (None, {})]


async def test_pings_of_all_calls_count_in_the_metrics(api: ApiClient) -> None:
    player = await start_player(api)
    await player.send("0 PLAY 0")
    await send_heartbeat(player, "keepalive", 10, 10)
    await send_heartbeat(player, "hide", 20, 20, path=["x"])
    await player.send("30 PING 30")
    await send_heartbeat(player, "stop", 40, 40)
    session = await player.session()
    assert_metrics(session["metrics"], contentSeconds=40, uniqueSeconds=40)
    assert session["playhead"] == 40
