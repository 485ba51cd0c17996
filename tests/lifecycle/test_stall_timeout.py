"""The end of a playback whose playhead does not move for half an hour, whatever else its player tells."""

import pytest

from tests.api_client import ApiClient
from tests.media.player_client import PlayerClient, event_input, player_time, start_player

HALF_AN_HOUR = 1800


async def read_state(player_client: PlayerClient) -> tuple[str, str | None]:
    """Whether the session goes on, or why not."""
    session = await player_client.api.session(player_client.id)
    return session["state"], session["endReason"]


async def test_events_without_playhead_movement_do_not_prevent_stall(api: ApiClient) -> None:
    found = await start_player(api, ago=0)
    for at in range(300, HALF_AN_HOUR, 300):
        await api.advance(300)
        await found.send((at, "PLAY" if at % 600 else "PAUSE_START", 0), (at + 1, "PING", 0))
    await api.advance(299.999)
    assert await read_state(found) == ("ACTIVE", None)
    await api.advance(0.001)
    assert await read_state(found) == ("ENDED", "STALLED")
    assert [each["code"] for each in (await found.track(event_input(2000, "PING", 1)))["problems"]] == ["SESSION_ENDED"]


@pytest.mark.parametrize("playheads", [[7], [7, 0], [3, 3]])
async def test_stall_timeout_starts_at_last_playhead_movement(api: ApiClient, playheads: list[float]) -> None:
    found = await start_player(api, ago=1000)
    await found.send(*((10 + index, "PING", playhead) for index, playhead in enumerate(playheads)))
    await api.advance(HALF_AN_HOUR - 0.001)
    assert await read_state(found) == ("ACTIVE", None)
    await api.advance(0.001)
    assert await read_state(found) == ("ENDED", "STALLED")


async def test_duplicate_late_or_older_event_is_no_movement(api: ApiClient) -> None:
    found = await start_player(api, ago=1000)
    await found.send((500, "PING", 7))
    await api.advance(1000)
    await found.track(event_input(500, "PING", 8), event_input(450, "PING", 3), event_input(100, "PING", 1))
    # Of one moment only the first ping holds, so no two of them move the playhead to and fro.
    await api.mutate("keepaliveSession", {"id": found.id, "media": {"playerTime": player_time(500, 9)}})
    await api.advance(HALF_AN_HOUR - 1000 - 0.001)
    assert await read_state(found) == ("ACTIVE", None)
    await api.advance(0.001)
    assert await read_state(found) == ("ENDED", "STALLED")
