"""The audit log: what administrators did, in the transaction of the change."""

from typing import Any, Final

import pytest

from models.errors import StorageUnavailable
from resolvers.lifecycle import bulk_termination
from tests.access.tokens import CREATE, ask, create_token, revoke_token
from tests.api_client import ApiClient
from tests.statements import capture_statements

LOG: Final = """query($filter: AuditLogFilter, $first: Int, $after: String) {
    auditLog(filter: $filter, first: $first, after: $after) {
        totalCount edges { cursor } pageInfo { hasNextPage }
        nodes { id at action actorId actorName targetId projectId details } } }"""
TERMINATE: Final = """mutation($id: ID!) {
    terminateSession(input: {id: $id, reason: "spam"}) { problems { code } } }"""
DELETE: Final = "mutation($id: ID!) { deleteSession(input: {id: $id}) { problems { code } } }"
TERMINATE_ALL: Final = """mutation {
    terminateSessions(input: {filter: {}, reason: "closing"}) { count problems { code } } }"""


async def log(api: ApiClient, authorization: str | None = None, **variables: Any) -> Any:
    body = (await ask(api, LOG, authorization, **variables)).json()
    assert "errors" not in body, body
    return body["data"]["auditLog"]


async def entries(api: ApiClient, authorization: str | None = None, **filters: Any) -> list[tuple[Any, ...]]:
    """Return action, target, project and details of the entries, the newest first."""
    nodes = (await log(api, authorization, filter=filters))["nodes"]
    return [(node["action"], node["targetId"], node["projectId"], node["details"]) for node in nodes]


async def create_project(api: ApiClient, project_id: str) -> None:
    document = "mutation($id: ID!) { createProject(input: {id: $id}) { problems { code } } }"
    assert await api.execute(document, id=project_id) == {"problems": []}


async def test_tokens_are_audited(api: ApiClient) -> None:
    values: dict[str, Any] = {
        "name": "kiosk",
        "scopes": ["READ"],
        "projectIds": ["default"],
        "expiresAt": "2026-06-01T00:00:00Z",
    }
    created = await create_token(api, **values)
    await revoke_token(api, created)
    await revoke_token(api, created)  # changes nothing
    id_ = created["token"]["id"]
    details = values | {"kinds": None, "origins": None, "expiresAt": "2026-06-01T00:00:00.000Z"}
    assert await entries(api) == [
        ("TOKEN_REVOKED", id_, "default", {"name": "kiosk"}),
        ("TOKEN_CREATED", id_, "default", details),
    ]


async def test_projects_are_audited(api: ApiClient) -> None:
    create = 'mutation { createProject(input: {id: "shop", name: "Shop"}) { problems { code } } }'
    update = """mutation { updateProject(input: {id: "shop", timeouts: [{kind: USER, seconds: 60}]}) {
        problems { code } } }"""
    for document in (create, create, update, 'mutation { deleteProject(input: {id: "shop"}) { id } }'):
        await api.execute(document)
    assert await entries(api) == [
        ("PROJECT_DELETED", "shop", "shop", {"name": "Shop"}),
        ("PROJECT_UPDATED", "shop", "shop", {"timeouts": [{"kind": "USER", "seconds": 60}]}),
        ("PROJECT_CREATED", "shop", "shop", {"name": "Shop"}),
    ]


async def test_ends_and_deletions_of_sessions_are_audited(api: ApiClient) -> None:
    session_id = (await api.start_user())["id"]
    for document in (TERMINATE, TERMINATE, DELETE, DELETE):  # the second of each changes nothing
        await api.execute(document, id=session_id)
    assert await entries(api) == [
        ("SESSION_DELETED", session_id, "default", {"kind": "USER"}),
        ("SESSION_TERMINATED", session_id, "default", {"kind": "USER", "reason": "spam"}),
    ]


async def test_bulk_termination_has_one_entry_for_each_project(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    await create_project(api, "shop")
    for project_id, name in (("default", "ann"), ("default", "bob"), ("shop", "cy")):
        await api.start_user(name, projectId=project_id)
    monkeypatch.setattr(bulk_termination, "MAX_TERMINATED", 2)
    for _ in range(3):
        await api.execute(TERMINATE_ALL)
    found = await entries(api, actions=["SESSIONS_TERMINATED"])
    assert [(target, details["reason"]) for _, target, _, details in found] == [(None, "closing")] * len(found)
    counts = [(project_id, details["count"]) for _, _, project_id, details in found]
    assert sum(count for _, count in counts) == 3
    assert {project_id for project_id, _ in counts} == {"default", "shop"}


async def test_entry_names_the_caller_and_its_token(api: ApiClient) -> None:
    session_id = (await api.start_user())["id"]
    created = await create_token(api, name="root", scopes=["ADMIN"])
    authorization = f"Bearer {created['secret']}"
    await ask(api, TERMINATE, authorization, id=session_id)
    first, second = (await log(api, authorization))["nodes"]
    assert (first["actorId"], first["actorName"], first["at"]) == (
        created["token"]["id"],
        "root",
        "2026-05-28T20:26:40.000Z",
    )
    assert (second["actorId"], second["actorName"]) == (None, "local")


async def test_entries_are_within_the_projects_of_the_caller(api: ApiClient) -> None:
    await create_project(api, "mine")
    await create_project(api, "theirs")
    mine = (await api.start_user("ann", projectId="mine"))["id"]
    theirs = (await api.start_user("bob", projectId="theirs"))["id"]
    for session_id in (mine, theirs):
        await api.execute(TERMINATE, id=session_id)
    await create_token(api, name="both", scopes=["READ"], projectIds=["mine", "theirs"])
    everything = f"Bearer {(await create_token(api, name='root', scopes=['ADMIN']))['secret']}"
    limited = await create_token(api, everything, name="limited", scopes=["ADMIN"], projectIds=["mine"])
    restricted = f"Bearer {limited['secret']}"
    seen = await entries(api, restricted)
    assert [(action, target) for action, target, *_ in seen] == [
        ("TOKEN_CREATED", limited["token"]["id"]),
        ("SESSION_TERMINATED", mine),
        ("PROJECT_CREATED", "mine"),
    ]
    assert (await log(api, restricted))["totalCount"] == 3
    assert (await log(api, everything))["totalCount"] == 7
    assert await entries(api, restricted, targetIds=[theirs]) == []
    ids = [node["id"] for node in (await log(api, everything))["nodes"]]
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on AuditEntry { targetId projectId } } }"
    nodes = (await ask(api, query, restricted, ids=ids)).json()["data"]["nodes"]
    assert [node["projectId"] for node in nodes if node is not None] == ["mine"] * 3


async def test_audit_log_is_filtered_and_paged(api: ApiClient) -> None:
    ids = []
    for name in ("ann", "bob", "cy"):
        ids.append((await api.start_user(name))["id"])
        await api.execute(TERMINATE, id=ids[-1])
        await api.execute(DELETE, id=ids[-1])
    deleted = {"actions": ["SESSION_DELETED"]}
    first = await log(api, filter=deleted, first=2)
    assert [node["targetId"] for node in first["nodes"]] == [ids[2], ids[1]]
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (3, True)
    second = await log(api, filter=deleted, first=2, after=first["edges"][-1]["cursor"])
    assert [node["targetId"] for node in second["nodes"]] == [ids[0]]
    assert [action for action, *_ in await entries(api, targetIds=[ids[0]])] == [
        "SESSION_DELETED",
        "SESSION_TERMINATED",
    ]
    assert await entries(api, actions=[]) == await entries(api, actorIds=["t_" + "x" * 22]) == []
    other_list = await api.post(LOG, {"after": first["edges"][0]["cursor"]})
    assert other_list["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_audit_log_needs_admin(api: ApiClient) -> None:
    await create_project(api, "shop")
    entry_id = (await log(api))["nodes"][0]["id"]
    created = await create_token(api, name="reader", scopes=["READ", "WRITE"])
    for document in (LOG, "query($id: ID!) { node(id: $id) { id } }"):
        body = (await ask(api, document, f"Bearer {created['secret']}", id=entry_id)).json()
        assert [error["extensions"]["code"] for error in body["errors"]] == ["FORBIDDEN"]


async def test_change_that_cannot_be_audited_is_not_made(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    session_id = (await api.start_user())["id"]

    def fail(*_: Any) -> None:
        raise StorageUnavailable("the disk is full")

    for module in ("lifecycle.repository", "lifecycle.service", "tokens.service", "projects.service"):
        monkeypatch.setattr(f"resolvers.{module}.append_entries", fail)
    assert await api.error_code(TERMINATE, id=session_id) == "SERVICE_UNAVAILABLE"
    assert await api.error_code(DELETE, id=session_id) == "SERVICE_UNAVAILABLE"
    assert await api.error_code(CREATE, input={"name": "a", "scopes": ["READ"]}) == "SERVICE_UNAVAILABLE"
    assert (await api.session(session_id))["state"] == "ACTIVE"
    assert await api.execute("{ tokens { totalCount } }") == {"totalCount": 0}


async def test_client_commands_add_no_statement_to_the_log(api: ApiClient) -> None:
    session = await api.start_user()
    with capture_statements(api.app.state.services.database, readers=False, writer=True) as statements:
        for field in ("keepaliveSession", "hideSession", "stopSession"):
            await api.mutate(field, {"id": session["id"]})
    assert len(statements) > 3
    assert [statement for statement in statements if "audit_entry" in statement] == []
