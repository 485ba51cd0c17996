"""deleteSession."""

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from models import tables
from tests.api.session_inputs import MINIMAL_INPUTS, start_one_of_each_kind
from tests.api_client import ApiClient

DELETE = "mutation($id: ID!) { deleteSession(input: {id: $id}) { id problems { code path } } }"


def count_rows(tx: Connection) -> dict[str, int]:
    table_names = ("session", "session_track", "path_time", "data_point", "attachment", "media_event", "idempotency")
    found = {name: getattr(tables, name) for name in table_names}
    return {name: tx.execute(select(func.count()).select_from(table)).scalar_one() for name, table in found.items()}


async def test_deleted_session_leaves_only_a_tombstone(api: ApiClient) -> None:
    ids = await start_one_of_each_kind(api)
    for kind, id_ in ids.items():
        assert await api.execute(DELETE, id=id_) == {"id": id_, "problems": []}, kind
        assert await api.execute("query($id: ID!) { node(id: $id) { id } }", id=id_) is None
    found = await api.execute("{ activities { edges { node { type sessionId } } } sessionStats { total } }")
    entries = [edge["node"] for edge in found["activities"]["edges"]]
    assert [entry["type"] for entry in entries] == ["DELETED"] * 5
    assert {entry["sessionId"] for entry in entries} == set(ids.values())
    assert found["sessionStats"]["total"] == 0


async def test_deletion_removes_all_dependent_rows(api: ApiClient) -> None:
    points = {"data": [{"name": "a", "value": "1"}]}
    form = await api.start_session("field", MINIMAL_INPUTS["field"] | points, path=["page"])
    talk = await api.start_session("agenda", {**MINIMAL_INPUTS["agenda"], "scheduleTracks": [1, 2]})
    film = await api.start_session("media", MINIMAL_INPUTS["media"])
    await api.advance(10)
    await api.mutate("keepaliveSession", {"id": form["id"]})
    ping = {"playerTime": {"playhead": 1, "ts": "2026-05-28T20:26:50Z"}}
    await api.mutate("keepaliveSession", {"id": film["id"], "media": ping})
    before = await api.app.state.services.database.read(count_rows)
    assert [name for name, number in before.items() if not number] == ["attachment", "idempotency"]
    for session in (form, talk, film):
        await api.execute(DELETE, id=session["id"])
    assert set((await api.app.state.services.database.read(count_rows)).values()) == {0}


async def test_unknown_session_cannot_be_deleted(api: ApiClient) -> None:
    session = await api.start_user()
    await api.execute(DELETE, id=session["id"])
    refused = {"id": None, "problems": [{"code": "NOT_FOUND", "path": ["input", "id"]}]}
    for id_ in (session["id"], "s_" + "x" * 22, "default", ""):
        assert await api.execute(DELETE, id=id_) == refused


async def test_ended_session_can_be_deleted(api: ApiClient) -> None:
    session = await api.start_user()
    await api.advance(300)
    assert (await api.execute(DELETE, id=session["id"]))["id"] == session["id"]
    await api.sweep()
    log = await api.execute("{ activities { edges { node { type } } } }")
    assert [edge["node"]["type"] for edge in log["edges"]] == ["DELETED"]


async def test_successor_of_deleted_session_stays_active(api: ApiClient) -> None:
    first = await api.start_user()
    second = await api.start_user(previousId=first["id"])
    await api.execute(DELETE, id=first["id"])
    found = await api.session(second["id"], "previous { id }")
    assert (found["state"], found["previous"]) == ("ACTIVE", None)
