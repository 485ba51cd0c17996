"""Filters by player state, and subscriptions to players."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

from tests.api_client import ApiClient
from tests.feed_harness import FeedHarness, fold
from tests.media.player_client import PlayerClient, player_time, start_player
from tests.polling import TIMEOUT_SECONDS
from tests.subscriptions.stream_server import StreamServer, next_values


async def sessions_in_states(api: ApiClient, *states: str) -> set[str]:
    document = "query($in: [PlayerState!]) { sessions(filter: {media: {playerStates: $in}}) { nodes { id } } }"
    page = await api.execute(document, **{"in": list(states)})
    return {node["id"] for node in page["nodes"]}


async def test_sessions_are_filtered_by_player_state(api: ApiClient) -> None:
    starting, playing, paused, waiting = [(await start_player(api, ago=0)) for _ in range(4)]
    await api.start_user()
    await playing.send("0 BUFFER_START 0; 1 PLAY 0")
    await paused.send("0 PLAY 0; 1 PAUSE_START 1; 2 AD_BREAK_START 1")
    await waiting.send("0 PLAY 0; 1 BUFFER_START 1")
    assert await sessions_in_states(api, "STARTING") == {starting.id}
    assert await sessions_in_states(api, "PLAYING") == {playing.id}
    assert await sessions_in_states(api, "PAUSED", "BUFFERING") == {paused.id, waiting.id}
    assert await sessions_in_states(api) == set()
    await api.mutate("stopSession", {"id": playing.id})
    assert await sessions_in_states(api, "PLAYING") == {playing.id}


async def test_live_query_follows_player_state(harness: FeedHarness) -> None:
    stream = await harness.subscribe(media={"player_states": ["PLAYING"]})
    player, other = await start_player(harness.api, ago=0), await start_player(harness.api, ago=0)
    events = ("PING", False), ("PLAY", True), ("ERROR", True), ("BUFFER_START", False), ("PLAY", True)
    for at, (type_, held) in enumerate((*events, ("PAUSE_START", False))):
        await player.send((at, type_, 0))
        await stream.read()
        assert (player.id in fold(stream.received)) == held, type_
        assert fold(stream.received).keys() == await harness.active_ids(media={"playerStates": ["PLAYING"]})
    # An event out of order can change the current state: this player never paused.
    await other.send("10 PAUSE_START 0")
    await other.send("11 PLAY 0")
    await stream.read()
    assert fold(stream.received).keys() == {other.id}


LIVE = """subscription { activeSessions(filter: {media: {}}) {
    ... on SessionSnapshot { sessions { id } }
    ... on SessionChange { activity session { ... on MediaSession {
        playerState metrics { contentSeconds errorCount states { name } } } } } } }"""


async def test_metrics_in_subscription_change_with_events(harness: FeedHarness) -> None:
    async with asyncio.timeout(TIMEOUT_SECONDS), harness.log_reader.running(), AsyncExitStack() as closing:
        player = await start_player(harness.api, ago=0)
        answer = await StreamServer(harness, closing).open(LIVE)
        assert await next_values(answer) == [{"sessions": [{"id": player.id}]}]
        expected = {"playerState": "PLAYING", "metrics": {"contentSeconds": 0, "errorCount": 0, "states": []}}
        waiting = asyncio.create_task(next_values(answer))
        await player.send("0 PLAY 0")
        assert await waiting == [{"activity": "PLAY", "session": expected}]
        await player.send("10 PING 10; 20 ERROR 20; 21 STATE_START 21 name=mute")
        expected["metrics"] = {"contentSeconds": 21, "errorCount": 1, "states": [{"name": "mute"}]}
        assert await next_values(answer) == [{"activity": "STATE_START", "session": expected}]


async def read_changes(harness: FeedHarness, stream: Any) -> list[tuple[Any, ...]]:
    """Read changes from the stream, each with state and content time of its player at that time."""
    changes = []
    for change in await stream.read():
        session = await PlayerClient(harness.api, change.id).session()
        changes.append((change.activity, session["playerState"], session["metrics"]["contentSeconds"]))
    return changes


async def test_log_has_every_event_but_pings(harness: FeedHarness) -> None:
    stream = await harness.subscribe()
    player = await start_player(harness.api, ago=0)
    await stream.read()
    await player.send("0 PLAY 0; 10 PING 10")
    assert await read_changes(harness, stream) == [("PLAY", "PLAYING", 10)]
    keepalive = {"id": player.id, "media": {"playerTime": player_time(20, 20)}}
    await harness.api.mutate("keepaliveSession", keepalive)
    assert await stream.read() == []
    await player.track("30 ERROR 30")
    assert await read_changes(harness, stream) == [("ERROR", "PLAYING", 30)]


async def test_ping_is_delivered_as_heartbeat(harness: FeedHarness) -> None:
    stream = await harness.subscribe(heartbeats=True)
    player = await start_player(harness.api, ago=0)
    await stream.read()
    harness.timers.advance(2)
    await player.send("5 PING 4")
    (change,) = await stream.read()
    assert (change.change, change.activity, change.session.playhead) == ("UPDATED", None, 4)
