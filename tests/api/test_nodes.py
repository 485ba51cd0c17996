"""node, nodes, session."""

from tests.api.session_inputs import create_project, start_one_of_each_kind
from tests.api_client import ApiClient

NODE = "query($id: ID!) { node(id: $id) { __typename id ... on Session { kind } ... on Project { name } } }"
NODES = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
TYPES = ["ClientSession", "AgendaSession", "MediaSession", "FieldSession", "UserSession"]


async def test_node_finds_session_activity_and_project(api: ApiClient) -> None:
    session = await api.start_user(fields="activities(first: 1) { edges { node { id } } }")
    found = await api.execute(NODE, id=session["id"])
    assert found == {"__typename": "UserSession", "id": session["id"], "kind": "USER"}
    activity = session["activities"]["edges"][0]["node"]["id"]
    assert await api.execute(NODE, id=activity) == {"__typename": "Activity", "id": activity}
    assert await api.execute(NODE, id="default") == {"__typename": "Project", "id": "default", "name": "default"}


async def test_nodes_keep_order_of_ids_with_null_for_unknown_ids(api: ApiClient) -> None:
    ids = await start_one_of_each_kind(api)
    await create_project(api, "p")
    requested = ["s_" + "x" * 22, *ids.values(), "nothing", "p", "", "default", ids["user"], "a_" + "x" * 22]
    found = await api.execute(NODES, ids=requested)
    assert [node and node["__typename"] for node in found] == [
        *(None, *TYPES, None, "Project", None, "Project", "UserSession", None)
    ]
    assert [node["id"] for node in found if node] == [
        id_ for id_ in requested if id_ in {*ids.values(), "p", "default"}
    ]


async def test_nodes_accept_0_to_500_ids(api: ApiClient) -> None:
    assert await api.execute(NODES, ids=[]) == []
    assert len(await api.execute(NODES, ids=["default"] * 500)) == 500
    body = await api.post(NODES.replace(" }", " } viewer { name }", 1), {"ids": ["default"] * 501})
    assert body["data"] == {"nodes": [None] * 501, "viewer": {"name": "local"}}
    assert [(error["path"], error["extensions"]["code"]) for error in body["errors"]] == [
        (["nodes", 0], "BAD_USER_INPUT")
    ]


async def test_session_field_finds_only_sessions(api: ApiClient) -> None:
    session = await api.start_user()
    document = "query($id: ID!) { session(id: $id) { id } }"
    assert await api.execute(document, id=session["id"]) == {"id": session["id"]}
    for other in ("default", "", session["id"][:-1], session["id"].upper(), "a_" + session["id"][2:]):
        assert await api.execute(document, id=other) is None


async def test_aliases_of_one_session_agree(api: ApiClient) -> None:
    session = await api.start_user()
    both = "a: session(id: $id) { id revision } b: node(id: $id) { ... on Session { id revision } }"
    found = await api.execute(f"query($id: ID!) {{ {both} }}", id=session["id"])
    assert found["a"] == found["b"] == {"id": session["id"], "revision": 1}


async def test_replaced_session_is_null_and_its_tombstone_is_a_node(api: ApiClient) -> None:
    form = await api.start_session("field", {"unitId": "u", "uuid": "f"})
    await api.start_session("field", {"unitId": "u", "uuid": "f"})
    found = await api.execute("{ activities(types: [REPLACED]) { edges { node { id sessionId session { id } } } } }")
    (edge,) = found["edges"]
    assert (edge["node"]["sessionId"], edge["node"]["session"]) == (form["id"], None)
    tombstone = {"__typename": "Activity", "id": edge["node"]["id"]}
    assert await api.execute(NODES, ids=[form["id"], tombstone["id"]]) == [None, tombstone]
