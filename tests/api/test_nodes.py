"""node, nodes and session: whatever has an id, by that id alone."""

from tests.api.session_inputs import create_project, start_one_of_each_kind
from tests.api_client import ApiClient

NODE = "query($id: ID!) { node(id: $id) { __typename id ... on Session { kind } ... on Project { name } } }"
NODES = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
TYPES = ["ClientSession", "AgendaSession", "MediaSession", "FieldSession", "UserSession"]


async def test_a_node_is_found_by_its_id_whatever_it_is(api: ApiClient) -> None:
    session = await api.start_user(fields="activities(first: 1) { edges { node { id } } }")
    found = await api.execute(NODE, id=session["id"])
    assert found == {"__typename": "UserSession", "id": session["id"], "kind": "USER"}
    activity = session["activities"]["edges"][0]["node"]["id"]
    assert await api.execute(NODE, id=activity) == {"__typename": "Activity", "id": activity}
    assert await api.execute(NODE, id="default") == {"__typename": "Project", "id": "default", "name": "default"}


async def test_nodes_come_in_the_order_they_were_asked_for_and_null_where_there_is_none(api: ApiClient) -> None:
    ids = await start_one_of_each_kind(api)
    await create_project(api, "p")
    asked = ["s_" + "x" * 22, *ids.values(), "nothing", "p", "", "default", ids["user"], "a_" + "x" * 22]
    found = await api.execute(NODES, ids=asked)
    assert [node and node["__typename"] for node in found] == [
        *(None, *TYPES, None, "Project", None, "Project", "UserSession", None),
    ]
    assert [node["id"] for node in found if node] == [id_ for id_ in asked if id_ in {*ids.values(), "p", "default"}]


async def test_no_ids_are_no_nodes_and_501_are_too_many(api: ApiClient) -> None:
    assert await api.execute(NODES, ids=[]) == []
    assert len(await api.execute(NODES, ids=["default"] * 500)) == 500
    assert await api.error_code(NODES, ids=["default"] * 501) == "QUERY_TOO_COMPLEX"


async def test_a_session_is_found_as_a_session_only(api: ApiClient) -> None:
    session = await api.start_user()
    document = "query($id: ID!) { session(id: $id) { id } }"
    assert await api.execute(document, id=session["id"]) == {"id": session["id"]}
    for other in ("default", "", session["id"][:-1], session["id"].upper(), "a_" + session["id"][2:]):
        assert await api.execute(document, id=other) is None


async def test_the_same_thing_asked_for_twice_is_the_same(api: ApiClient) -> None:
    session = await api.start_user()
    document = (
        "query($id: ID!) { a: session(id: $id) { id revision } b: node(id: $id) { ... on Session { id revision } } }"
    )
    found = await api.execute(document, id=session["id"])
    assert found["a"] == found["b"] == {"id": session["id"], "revision": 1}


async def test_a_session_that_is_gone_is_null_and_its_activity_is_not(api: ApiClient) -> None:
    form = await api.start_session("field", {"unitId": "u", "uuid": "f"})
    await api.start_session("field", {"unitId": "u", "uuid": "f"})
    found = await api.execute("{ activities(types: [REPLACED]) { edges { node { id sessionId session { id } } } } }")
    (edge,) = found["edges"]
    assert (edge["node"]["sessionId"], edge["node"]["session"]) == (form["id"], None)
    assert await api.execute(NODES, ids=[form["id"], edge["node"]["id"]]) == [
        None,
        {"__typename": "Activity", "id": edge["node"]["id"]},
    ]
