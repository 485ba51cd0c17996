"""Stall timeout: a playhead that does not move for 30 minutes ends the session."""

import pytest

from tests.api.session_inputs import MEDIA, problem_codes
from tests.api_client import ApiClient
from tests.media.player_client import PlayerClient, player_time, start_player

STALL_SECONDS = 1800


async def assert_stalls_after(player: PlayerClient, seconds: float) -> None:
    """Check that the session is active a millisecond before, and stalled at that time."""
    for step, expected in ((seconds - 0.001, ("ACTIVE", None)), (0.001, ("ENDED", "STALLED"))):
        await player.api.advance(step)
        session = await player.api.session(player.id)
        assert (session["state"], session["endReason"]) == expected


async def test_events_without_playhead_movement_do_not_prevent_stall(api: ApiClient) -> None:
    player = await start_player(api, ago=0)
    for at in range(300, STALL_SECONDS, 300):
        await api.advance(300)
        await player.send((at, "PLAY" if at % 600 else "PAUSE_START", 0), (at + 1, "PING", 0))
        ping = {"id": player.id, "media": {"playerTime": player_time(at + 2)}}
        assert (await api.mutate("keepaliveSession", ping))["problems"] == []
    await assert_stalls_after(player, 300)
    assert problem_codes(await player.track("2000 PING 1")) == ["SESSION_ENDED"]
    await api.sweep()
    ended = await api.session(player.id, "endedAt elapsedSeconds")
    # The last heartbeat was five minutes before the end.
    assert (ended["endedAt"], ended["elapsedSeconds"]) == ("2026-05-28T20:56:40.000Z", 1500)
    assert (await api.activity_types(player.id))[-1] == "STALLED"


@pytest.mark.parametrize("playheads", [[7], [7, 0], [3, 3]])
async def test_stall_timeout_starts_at_last_playhead_movement(api: ApiClient, playheads: list[float]) -> None:
    player = await start_player(api, ago=1000)
    await player.send(*((10 + index, "PING", playhead) for index, playhead in enumerate(playheads)))
    await assert_stalls_after(player, STALL_SECONDS)


async def test_duplicate_late_or_older_event_is_no_movement(api: ApiClient) -> None:
    player = await start_player(api, ago=1000)
    await player.send("500 PING 7")
    await api.advance(1000)
    await player.track("500 PING 8; 450 PING 3; 100 PING 1")
    # Only the first ping with one `ts` counts, so two of them cannot move the playhead.
    await api.mutate("keepaliveSession", {"id": player.id, "media": {"playerTime": player_time(500, 9)}})
    await assert_stalls_after(player, STALL_SECONDS - 1000)


async def test_timeout_takes_precedence_over_a_stall_of_the_same_instant(api: ApiClient) -> None:
    session = await api.start_session("media", MEDIA, timeoutSeconds=STALL_SECONDS)
    await api.advance(STALL_SECONDS)
    assert (await api.session(session["id"]))["endReason"] == "EXPIRED"
