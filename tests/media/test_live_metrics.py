"""Players as others watch them: filters by what they do, figures and events as they come."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.api_client import World
from tests.feed.test_fanout_sharing import Server, told
from tests.feed_harness import Stage, fold, open_stage
from tests.media.player_client import Player, event, player, time
from tests.polling import PATIENCE


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A feed over an empty database."""
    async with open_stage(tmp_path / "test.db") as opened:
        yield opened


async def in_states(world: World, *states: str) -> set[str]:
    """The sessions whose players are in one of these states."""
    document = "query($in: [PlayerState!]) { sessions(filter: {media: {playerStates: $in}}) { nodes { id } } }"
    found = await world.ask(document, **{"in": list(states)})
    return {node["id"] for node in found["nodes"]}


async def test_sessions_are_filtered_by_what_their_players_do(world: World) -> None:
    starting, playing, paused, waiting = [(await player(world, ago=0)) for _ in range(4)]
    await world.user()
    await playing.tell((0, "BUFFER_START", 0), (1, "PLAY", 0))
    await paused.tell((0, "PLAY", 0), (1, "PAUSE_START", 1), (2, "AD_BREAK_START", 1))
    await waiting.tell((0, "PLAY", 0), (1, "BUFFER_START", 1))
    assert await in_states(world, "STARTING") == {starting.id}
    assert await in_states(world, "PLAYING") == {playing.id}
    assert await in_states(world, "PAUSED", "BUFFERING") == {paused.id, waiting.id}
    assert await in_states(world) == set()
    await world.mutate("stopSession", {"id": playing.id})
    assert await in_states(world, "PLAYING") == {playing.id}


async def test_the_live_set_of_those_who_play_follows_their_players(stage: Stage) -> None:
    stream = await stage.watch(media={"player_states": ["PLAYING"]})
    found, other = await player(stage.world, ago=0), await player(stage.world, ago=0)
    for at, type_, held in [
        (0, "PING", False),
        (1, "PLAY", True),
        (2, "ERROR", True),
        (3, "BUFFER_START", False),
        (4, "PLAY", True),
        (5, "PAUSE_START", False),
    ]:
        await found.tell((at, type_, 0))
        await stream.read()
        assert (found.id in fold(stream.told)) == held, type_
        assert fold(stream.told).keys() == await stage.active(media={"playerStates": ["PLAYING"]})
    # What arrives late can change what the player does now: it never paused.
    await other.tell((10, "PAUSE_START", 0))
    await other.tell((11, "PLAY", 0))
    await stream.read()
    assert fold(stream.told).keys() == {other.id}


LIVE = """subscription { activeSessions(filter: {media: {}}) {
    ... on SessionSnapshot { sessions { id } }
    ... on SessionChange { activity session { ... on MediaSession {
        playerState metrics { contentSeconds errorCount states { name } } } } } } }"""


async def test_the_figures_in_a_live_selection_change_with_the_events(stage: Stage) -> None:
    async with asyncio.timeout(PATIENCE), stage.feed.running(), AsyncExitStack() as closing:
        found = await player(stage.world, ago=0)
        answer = await Server(stage, closing).open(LIVE)
        assert await told(answer) == [{"sessions": [{"id": found.id}]}]
        expected = {"playerState": "PLAYING", "metrics": {"contentSeconds": 0, "errorCount": 0, "states": []}}
        waiting = asyncio.create_task(told(answer))
        await found.tell((0, "PLAY", 0))
        assert await waiting == [{"activity": "PLAY", "session": expected}]
        await found.tell((10, "PING", 10), (20, "ERROR", 20), (21, "STATE_START", 21, {"name": "mute"}))
        expected["metrics"] = {"contentSeconds": 21, "errorCount": 1, "states": [{"name": "mute"}]}
        assert await told(answer) == [{"activity": "STATE_START", "session": expected}]


async def changes(stage: Stage, stream: Any) -> list[tuple[Any, ...]]:
    """What a live selection shows, after what the stream was told."""
    found = []
    for change in await stream.read():
        shown = await Player(stage.world, change.id).shown()
        found.append((change.activity, shown["playerState"], shown["metrics"]["contentSeconds"]))
    return found


async def test_the_log_is_told_of_each_event_but_pings(stage: Stage) -> None:
    stream = await stage.watch()
    found = await player(stage.world, ago=0)
    await stream.read()
    await found.tell((0, "PLAY", 0), (10, "PING", 10))
    assert await changes(stage, stream) == [("PLAY", "PLAYING", 10)]
    given = {"id": found.id, "media": {"playerTime": time(20, 20)}}
    await stage.world.mutate("keepaliveSession", given)
    assert await stream.read() == []
    await found.track(event(30, "ERROR", 30))
    assert await changes(stage, stream) == [("ERROR", "PLAYING", 30)]


async def test_a_ping_is_a_heartbeat(stage: Stage) -> None:
    stream = await stage.watch(heartbeats=True)
    found = await player(stage.world, ago=0)
    await stream.read()
    stage.timers.advance(2)
    await found.tell((5, "PING", 4))
    (change,) = await stream.read()
    assert (change.change, change.activity, change.session.playhead) == ("UPDATED", None, 4)
