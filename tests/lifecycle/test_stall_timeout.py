"""The end of a playback whose playhead does not move for half an hour, whatever else its player tells."""

import pytest

from tests.api_client import World
from tests.media.player_client import Player, event, player, time

HALF_AN_HOUR = 1800


async def state(found: Player) -> tuple[str, str | None]:
    """Whether the session goes on, or why not."""
    shown = await found.world.session(found.id)
    return shown["state"], shown["endReason"]


async def test_a_playhead_that_stands_still_ends_a_session_however_much_is_told(world: World) -> None:
    found = await player(world, ago=0)
    for at in range(300, HALF_AN_HOUR, 300):
        await world.advance(300)
        await found.tell((at, "PLAY" if at % 600 else "PAUSE_START", 0), (at + 1, "PING", 0))
    await world.advance(299.999)
    assert await state(found) == ("ACTIVE", None)
    await world.advance(0.001)
    assert await state(found) == ("ENDED", "STALLED")
    assert [each["code"] for each in (await found.track(event(2000, "PING", 1)))["problems"]] == ["SESSION_ENDED"]


@pytest.mark.parametrize("playheads", [[7], [7, 0], [3, 3]])
async def test_half_an_hour_begins_with_the_last_movement_also_where_it_comes_back(
    world: World, playheads: list[float]
) -> None:
    found = await player(world, ago=1000)
    await found.tell(*((10 + index, "PING", playhead) for index, playhead in enumerate(playheads)))
    await world.advance(HALF_AN_HOUR - 0.001)
    assert await state(found) == ("ACTIVE", None)
    await world.advance(0.001)
    assert await state(found) == ("ENDED", "STALLED")


async def test_what_is_told_twice_or_late_or_of_earlier_is_no_movement(world: World) -> None:
    found = await player(world, ago=1000)
    await found.tell((500, "PING", 7))
    await world.advance(1000)
    await found.track(event(500, "PING", 8), event(450, "PING", 3), event(100, "PING", 1))
    # Of one moment only the first ping holds, so no two of them move the playhead to and fro.
    await world.mutate("keepaliveSession", {"id": found.id, "media": {"playerTime": time(500, 9)}})
    await world.advance(HALF_AN_HOUR - 1000 - 0.001)
    assert await state(found) == ("ACTIVE", None)
    await world.advance(0.001)
    assert await state(found) == ("ENDED", "STALLED")
