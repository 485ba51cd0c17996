"""Use of indexes: no mutation scans a table, and heartbeats write one index."""

import re
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy.engine import Connection

from tests.api.session_inputs import MINIMAL_INPUTS
from tests.api_client import ApiClient
from tests.media.player_client import PlayerClient
from tests.queries.query_plans import explain_statements
from tests.statements import Statement, capture_statements


def _opcodes(tx: Connection, sent: Sequence[Statement]) -> list[list[str]]:
    return [[row[1] for row in tx.exec_driver_sql(f"EXPLAIN {sql}", sql.parameters)] for sql in sent]


async def index_writes(api: ApiClient, call: str, values: dict[str, Any]) -> list[int]:
    """Count the indexes that each UPDATE of a call may write."""
    database = api.app.state.services.database
    with capture_statements(database, readers=False, writer=True) as sent:
        assert (await api.mutate(call, values))["problems"] == []
    updates = [sql for sql in sent if sql.startswith("UPDATE session ")]
    return [steps.count("IdxInsert") for steps in await database.read(_opcodes, updates)]


@pytest.mark.parametrize("kind", MINIMAL_INPUTS)
@pytest.mark.parametrize("call", ["keepaliveSession", "hideSession"])
async def test_heartbeat_writes_only_the_index_of_last_calls(api: ApiClient, kind: str, call: str) -> None:
    session = await api.start_session(kind, MINIMAL_INPUTS[kind], visible=False)
    await api.advance(5)
    assert await index_writes(api, call, {"id": session["id"], "path": ["elsewhere"]}) == [1]


async def test_stop_writes_indexes(api: ApiClient) -> None:
    session = await api.start_user()
    (rows,) = await index_writes(api, "stopSession", {"id": session["id"]})
    assert rows > 1


async def test_no_mutation_scans_a_table(api: ApiClient) -> None:
    database = api.app.state.services.database
    media, user, form, item = [
        (await api.start_session(kind, MINIMAL_INPUTS[kind], path=["a"]))["id"]
        for kind in ("media", "user", "field", "agenda")
    ]
    await api.advance(5)
    with capture_statements(database, readers=False, writer=True) as sent:
        for name in (media, user, form):
            await api.mutate("keepaliveSession", {"id": name, "path": ["b"], "visible": False})
            await api.mutate("hideSession", {"id": name, "path": ["b", "c"]})
        player = PlayerClient(api, media)
        for at in (1, 65, 2, 3, 2):
            await player.track(f"{at} ERROR 0; {at} AD_START 0")
        for name in (media, user, form, item):
            await api.mutate("stopSession", {"id": name})
        await api.start_session("field", MINIMAL_INPUTS["field"])
        await api.sweep()
    plans = await database.read(explain_statements, sent)
    assert len(plans) > 20
    # Table `server` has one row; lists within a statement have no index.
    assert [plan for plan in plans if re.match(r"SCAN (?!server|\d+ CONSTANT|CONSTANT|\()", plan)] == []
