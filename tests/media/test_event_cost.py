"""Cost of events: statements and steps of SQLite, independent of history and number of sessions."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.engine import Connection

from models.tables import media_event, media_state
from resolvers.media import reorder_buffer
from tests.api.test_statement_counts import count_statements, statements
from tests.api_client import ApiClient
from tests.media.player_client import PlayerClient, count_sqlite_steps, event_input, start_player
from tests.statements import Statement

PAGE = """{ sessions(first: 500, filter: {media: {}}) {
    nodes { ... on MediaSession { metrics { contentSeconds states { name } } } } } }"""


async def measure(player: PlayerClient, *events: dict[str, Any]) -> tuple[list[Statement], int]:
    """Count the statements of a call, and the steps of SQLite's virtual machine."""
    async with count_sqlite_steps(player.api) as steps:
        with statements(player.api) as sent:
            payload = await player.track(*events, fields="")
    assert payload["problems"] == []
    return sent, steps[0]


def count_rows(tx: Connection, session_id: str) -> tuple[int, int]:
    """Count recorded events, and those that are still in the reorder buffer."""
    kept = tx.execute(select(media_event.c.ts).where(media_event.c.session_id == session_id)).all()
    (recent,) = tx.execute(select(media_state.c.recent).where(media_state.c.session_id == session_id)).scalars()
    return len(kept), len(recent)


@pytest.mark.parametrize("gap", [0.05, 1])
async def test_thousandth_event_costs_what_the_tenth_does(api: ApiClient, gap: float) -> None:
    player = await start_player(api)
    types = ("PLAY" if number % 50 == 1 else "ERROR" for number in range(1, 1001))
    events = [event_input(number * gap, type_, number * gap) for number, type_ in enumerate(types, start=1)]
    await player.track(*events[:9], fields="")
    tenth = await measure(player, events[9])
    for start in range(10, 999, 100):
        await player.track(*events[start : min(start + 100, 999)], fields="")
    thousandth = await measure(player, events[999])
    # Reads of session and player; writes of session, activity, event and player: one row each.
    assert thousandth == tenth
    assert len(tenth[0]) == 6
    recent = 1000 if gap < 1 else 61
    assert await api.app.state.services.database.read(count_rows, player.id) == (1000, recent)
    assert (await player.metrics())["errorCount"] == 980


async def test_out_of_order_event_takes_no_more_statements(api: ApiClient) -> None:
    player = await start_player(api)
    await player.track(*(event_input(number, "ERROR") for number in range(10, 100)), fields="")
    in_order = await measure(player, event_input(100, "ERROR"))
    in_between = await measure(player, event_input(50.5, "ERROR"))
    assert in_between == in_order


async def test_cost_of_ping_is_constant(api: ApiClient) -> None:
    player = await start_player(api)
    keepalive = "mutation($input: KeepaliveSessionInput!) { keepaliveSession(input: $input) { problems { code } } }"
    numbers = set()
    for number in range(1, 4):
        keepalive_input = {"id": player.id, "media": {"playerTime": event_input(number * 10, "PING")["playerTime"]}}
        numbers.add(await count_statements(api, keepalive, input=keepalive_input))
        await api.advance(1)
    # A keepalive, plus read of the player, writes of event and player; at times two more for path times.
    assert max(numbers) - min(numbers) <= 1
    assert max(numbers) <= 7


async def test_statement_count_does_not_depend_on_number_of_sessions(api: ApiClient) -> None:
    players = [await start_player(api, ago=0) for _ in range(20)]
    for chosen in (players[:1], players):
        with statements(api) as sent:
            await asyncio.gather(
                *(
                    player.track(event_input(1, "PLAY"), event_input(len(chosen), "PING"), fields="")
                    for player in chosen
                )
            )
        assert len(sent) <= 12  # at most two transactions: one may begin before all calls have arrived


async def test_metrics_of_page_take_one_statement_if_selected(api: ApiClient) -> None:
    players = [await start_player(api, ago=0) for _ in range(12)]
    for player in players[:6]:
        await player.send("0 PLAY 0; 5 PING 5")
    with statements(api) as sent:
        nodes = (await api.execute(PAGE))["nodes"]
    assert sorted(node["metrics"]["contentSeconds"] for node in nodes) == [0] * 6 + [5] * 6
    assert len(sent) == 2
    assert "checkpoint" not in sent[1]
    without_metrics = "{ sessions(filter: {media: {}}) { nodes { id ... on MediaSession { playerState } } } }"
    assert await count_statements(api, without_metrics) == 1


async def test_event_behind_too_many_newer_ones_is_late(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reorder_buffer, "MAX_RECENT", 50)
    player = await start_player(api)
    await player.track(*(event_input(1 + i / 100, "ERROR") for i in range(100)), fields="")
    assert await api.app.state.services.database.read(count_rows, player.id) == (100, 50)
    # Only the last 50 events can still be preceded by new ones; the third event is a duplicate.
    payload = await player.track(event_input(1.505, "ERROR"), event_input(1.485, "ERROR"), event_input(1.2, "ERROR"))
    assert [(problem["code"], problem["path"][2]) for problem in payload["problems"]] == [("LATE_EVENT", "1")]
    assert payload["session"]["metrics"]["errorCount"] == 101
    assert (await api.app.state.services.database.read(count_rows, player.id))[1] == 50


async def test_long_state_names_take_more_slots(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reorder_buffer, "MAX_RECENT", 50)
    player = await start_player(api)
    await player.track(*(event_input(at, "STATE_START", name="n" * 1000) for at in range(1, 30)), fields="")
    assert await api.app.state.services.database.read(count_rows, player.id) == (29, 3)
    assert (await player.metrics())["states"] == [{"name": "n" * 1000, "count": 29, "seconds": 28}]
