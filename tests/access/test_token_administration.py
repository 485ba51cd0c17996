"""createToken, revokeToken and tokens: what a caller can grant, see and revoke."""

import asyncio
from pathlib import Path
from typing import Any, Final

import orjson
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from models.errors import StorageUnavailable
from resolvers.lifecycle.result import MutationResult
from resolvers.tokens import secrets
from tests.access.jwt_server import ES256, server
from tests.access.tokens import CREATE, REVOKE, VIEWER, ask, create_token, revoke_token
from tests.api_client import EPOCH, ApiClient
from tests.live_server import serve_app
from tests.statements import capture_statements

IN_AN_HOUR: Final = "2026-05-28T21:26:40.000Z"
LIST: Final = """query($first: Int, $after: String, $last: Int, $before: String) {
    tokens(first: $first, after: $after, last: $last, before: $before) {
        totalCount edges { cursor node { name } } pageInfo { hasNextPage hasPreviousPage } } }"""


async def create_project(api: ApiClient, *ids: str) -> None:
    for id_ in ids:
        await api.execute("mutation($id: ID!) { createProject(input: {id: $id}) { problems { code } } }", id=id_)


async def admin(api: ApiClient, authorization: str | None = None, **values: Any) -> str:
    """Create a token with all scopes. Returns its header Authorization."""
    values = {"name": "admin", "scopes": ["ADMIN", "READ", "WRITE"]} | values
    return f"Bearer {(await create_token(api, authorization, **values))['secret']}"


async def problems(api: ApiClient, authorization: str | None = None, **values: Any) -> list[tuple[str, str, str]]:
    """Return path, code and message of what refuses a token."""
    response = await ask(api, CREATE, authorization, input={"name": "new", "scopes": ["READ"]} | values)
    payload = response.json()["data"]["createToken"]
    assert (payload["token"] is None) == (payload["secret"] is None) == bool(payload["problems"])
    return [(".".join(found["path"][1:]), found["code"], found["message"]) for found in payload["problems"]]


async def page(api: ApiClient, authorization: str | None = None, **arguments: Any) -> Any:
    return (await ask(api, LIST, authorization, **arguments)).json()["data"]["tokens"]


async def names(api: ApiClient, authorization: str | None = None) -> list[str]:
    return [edge["node"]["name"] for edge in (await page(api, authorization))["edges"]]


# ---- what may be granted ----


async def test_all_problems_of_a_token_come_at_once(api: ApiClient) -> None:
    found = await problems(
        api,
        name="a\x1b[31mb",
        scopes=["READ", "READ"],
        projectIds=["shop", "default", "default"],
        kinds=["USER", "USER"],
        origins=["https://a.example", "https://a.example"],
        expiresAt="2026-05-28T20:26:40Z",
    )
    assert [(path, code, message) for path, code, message in found] == [
        (
            "name",
            "BAD_USER_INPUT",
            'must have printable characters, and no spaces around them, not "a\\u001b[31mb"',
        ),
        ("scopes.1", "BAD_USER_INPUT", 'must be unique, not "READ" again'),
        ("projectIds.0", "NOT_FOUND", 'must be the id of a project, not "shop"'),
        ("projectIds.2", "BAD_USER_INPUT", 'must be unique, not "default" again'),
        ("kinds.1", "BAD_USER_INPUT", 'must be unique, not "USER" again'),
        ("origins.1", "BAD_USER_INPUT", 'must be unique, not "https://a.example" again'),
        ("expiresAt", "BAD_USER_INPUT", "must be in the future, not 2026-05-28T20:26:40.000Z"),
    ]


@pytest.mark.parametrize("name", ["", " ", " a", "a\n", "a\u202eb", "x" * 256])
async def test_name_that_misleads_in_a_list_is_refused(api: ApiClient, name: str) -> None:
    assert [path for path, *_ in await problems(api, name=name)] == ["name"]


async def test_lists_of_a_token_are_bounded(api: ApiClient) -> None:
    with capture_statements(api.app.state.services.database, writer=True) as statements:
        found = await problems(api, scopes=[], projectIds=[f"p{number}" for number in range(900)], kinds=[], origins=[])
    assert [(path, message) for path, _, message in found if path.count(".") == 0] == [
        ("scopes", "must have 1 to 100 items, not 0"),
        ("projectIds", "must have 1 to 100 items, not 900"),
        ("kinds", "must have 1 to 100 items, not 0"),
        ("origins", "must have 1 to 100 items, not 0"),
    ]
    assert max(len(statement.parameters) for statement in statements) <= 100


async def test_restricted_administrator_cannot_grant_more_than_it_has(api: ApiClient) -> None:
    await create_project(api, "mine", "theirs")
    restricted = await admin(
        api,
        scopes=["ADMIN", "READ"],
        projectIds=["mine"],
        kinds=["USER"],
        expiresAt=IN_AN_HOUR,
    )
    own = {"projectIds": ["mine"], "kinds": ["USER"], "expiresAt": IN_AN_HOUR}
    assert await problems(api, restricted, **own) == []
    some_only = "must be some of the caller's, not null: that stands for all, and the caller has some only"
    until = f"must be at most {IN_AN_HOUR}, when the caller's own access ends"
    assert await problems(api, restricted, scopes=["READ", "WRITE"]) == [
        ("scopes.1", "FORBIDDEN", 'must be one of the caller\'s scopes, not "WRITE"'),
        ("projectIds", "FORBIDDEN", some_only),
        ("kinds", "FORBIDDEN", some_only),
        ("expiresAt", "FORBIDDEN", f"{until}, not null"),
    ]
    more = {"kinds": ["USER", "MEDIA"], "expiresAt": "2026-05-28T21:26:40.001Z"}
    assert await problems(api, restricted, **own | more) == [
        ("kinds.1", "FORBIDDEN", 'must be one of the caller\'s kinds, not "MEDIA"'),
        ("expiresAt", "FORBIDDEN", f"{until}, not 2026-05-28T21:26:40.001Z"),
    ]


async def test_foreign_and_unknown_projects_get_the_same_answer(api: ApiClient) -> None:
    await create_project(api, "mine", "theirs")
    restricted = await admin(api, projectIds=["mine"])
    answers = [
        [(path, code, message.replace(id_, "…")) for path, code, message in found]
        for id_ in ("theirs", "nobody")
        for found in [await problems(api, restricted, projectIds=["mine", id_])]
    ]
    assert answers[0] == answers[1] == [("projectIds.1", "NOT_FOUND", 'must be the id of a project, not "…"')]


async def test_administrator_of_some_origins_grants_no_others(api: ApiClient) -> None:
    origin = "https://app.example.org"
    created = await create_token(api, name="page", scopes=["ADMIN", "READ"], origins=[origin])

    async def attempt(**values: Any) -> list[list[str]]:
        headers = {"authorization": f"Bearer {created['secret']}", "origin": origin}
        variables = {"input": {"name": "new", "scopes": ["READ"]} | values}
        response = await api.http.post("/graphql", json={"query": CREATE, "variables": variables}, headers=headers)
        return [found["path"] for found in response.json()["data"]["createToken"]["problems"]]

    assert await attempt() == [["input", "origins"]]
    assert await attempt(origins=[origin, "https://other.example.org"]) == [["input", "origins", "1"]]
    assert await attempt(origins=[origin]) == []


async def test_administrator_by_jwt_grants_its_projects_and_scopes_only(tmp_path: Path) -> None:
    async with server(tmp_path, jwt_projects="default") as api:
        authorization = f"Bearer {ES256.token(scope='ADMIN READ')}"
        found = await problems(api, authorization, scopes=["WRITE"])
        assert [(path, code) for path, code, _ in found] == [("scopes.0", "FORBIDDEN"), ("projectIds", "FORBIDDEN")]
        # The user gets the next JWT every few minutes: its end is not that of what the user may do.
        assert await problems(api, authorization, projectIds=["default"]) == []


async def test_equal_calls_create_different_tokens(api: ApiClient) -> None:
    first, second = [await create_token(api, name="twin", scopes=["READ"]) for _ in range(2)]
    assert first["token"]["id"] != second["token"]["id"]
    assert first["secret"] != second["secret"]
    assert await names(api) == ["twin", "twin"]


async def test_concurrent_calls_keep_their_own_secrets(api: ApiClient) -> None:
    created = await asyncio.gather(*(create_token(api, name=f"n{number}", scopes=["READ"]) for number in range(20)))
    callers = [
        (await ask(api, VIEWER, f"Bearer {each['secret']}")).json()["data"]["viewer"]["name"] for each in created
    ]
    assert callers == [f"n{number}" for number in range(20)]
    revoked = await asyncio.gather(*(revoke_token(api, created[0]) for _ in range(5)))
    assert len({payload["token"]["revokedAt"] for payload in revoked}) == 1


# ---- revocation ----


async def test_second_revocation_changes_nothing(api: ApiClient) -> None:
    created = await create_token(api, name="a", scopes=["READ"])
    first = await revoke_token(api, created)
    await api.advance(60)
    assert await revoke_token(api, created) == first
    assert first["token"]["revokedAt"] == "2026-05-28T20:26:40.000Z"


async def test_revocation_of_unknown_and_foreign_tokens_looks_the_same(api: ApiClient) -> None:
    await create_project(api, "mine")
    foreign = await create_token(api, name="b", scopes=["READ"], projectIds=["mine", "default"])
    restricted = await admin(api, projectIds=["mine"])
    messages = []
    for id_ in (foreign["token"]["id"], "t_" + "x" * 22):
        payload = (await ask(api, REVOKE, restricted, id=id_)).json()["data"]["revokeToken"]
        assert payload["token"] is None
        messages.append(payload["problems"][0]["message"].replace(id_, "…"))
    assert messages == ['must be the id of a token, not "…"'] * 2
    assert (await ask(api, VIEWER, f"Bearer {foreign['secret']}")).status_code == 200


# ---- lists ----


async def test_tokens_are_paged_in_both_directions(api: ApiClient) -> None:
    for name in "abcde":
        await create_token(api, name=name, scopes=["READ"])
        await api.advance(1)
    first = await page(api, first=2)
    assert [edge["node"]["name"] for edge in first["edges"]] == ["a", "b"]
    assert (first["totalCount"], first["pageInfo"]) == (5, {"hasNextPage": True, "hasPreviousPage": False})
    second = await page(api, first=2, after=first["edges"][-1]["cursor"])
    assert [edge["node"]["name"] for edge in second["edges"]] == ["c", "d"]
    last = await page(api, last=2)
    assert [edge["node"]["name"] for edge in last["edges"]] == ["d", "e"]
    before = await page(api, last=2, before=last["edges"][0]["cursor"])
    assert [edge["node"]["name"] for edge in before["edges"]] == ["b", "c"]


async def test_restricted_administrator_sees_tokens_within_its_projects(api: ApiClient) -> None:
    await create_project(api, "mine", "theirs")
    everything = await admin(api, name="all projects")
    await create_token(api, everything, name="mine", scopes=["READ"], projectIds=["mine"])
    restricted = await admin(api, everything, projectIds=["mine"])
    for name, project_ids in (("theirs", ["theirs"]), ("both", ["mine", "theirs"]), ("mine too", ["mine"])):
        await create_token(api, everything, name=name, scopes=["READ"], projectIds=project_ids)
    assert set(await names(api, restricted)) == {"mine", "admin", "mine too"}
    assert (await page(api, restricted))["totalCount"] == 3
    assert set(await names(api, everything)) == {"all projects", "mine", "admin", "theirs", "both", "mine too"}


async def test_token_is_a_node_for_administrators_of_its_projects(api: ApiClient) -> None:
    await create_project(api, "mine")
    everything = await admin(api)
    created = await create_token(api, everything, name="both", scopes=["ADMIN", "READ"], projectIds=["mine"])
    all_projects = (await page(api, everything))["totalCount"]
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { id ... on Token { name projectIds kinds origins lastUsedAt } } }"
    ids = [created["token"]["id"], "t_" + "x" * 22]
    found = (await ask(api, query, everything, ids=ids)).json()["data"]["nodes"]
    expected = {"name": "both", "projectIds": ["mine"], "kinds": None, "origins": None, "lastUsedAt": None}
    assert (all_projects, found) == (2, [{"id": ids[0], **expected}, None])
    reader = await create_token(api, everything, name="reader", scopes=["READ"])
    refused = (await ask(api, query, f"Bearer {reader['secret']}", ids=ids)).json()
    assert {error["extensions"]["code"] for error in refused["errors"]} == {"FORBIDDEN"}


@pytest.mark.parametrize("document", [CREATE, REVOKE, LIST])
async def test_administration_needs_admin(api: ApiClient, document: str) -> None:
    created = await create_token(api, name="a", scopes=["READ", "WRITE"])
    variables = {"input": {"name": "b", "scopes": ["READ"]}, "id": created["token"]["id"]}
    response = await ask(api, document, f"Bearer {created['secret']}", **variables)
    assert response.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_token_of_a_deleted_project_sees_the_next_one_of_its_id(api: ApiClient) -> None:
    await create_project(api, "shop")
    limited = await admin(api, projectIds=["shop"])
    delete = 'mutation { deleteProject(input: {id: "shop"}) { id problems { code } } }'
    assert (await ask(api, delete, limited)).json()["data"]["deleteProject"] == {"id": "shop", "problems": []}
    query = "{ projects { totalCount } }"
    assert (await ask(api, query, limited)).json() == {"data": {"projects": {"totalCount": 0}}}
    again = 'mutation { createProject(input: {id: "shop"}) { project { id } } }'
    assert (await ask(api, again, limited)).json()["data"]["createProject"]["project"] == {"id": "shop"}


# ---- secrets ----


def test_secret_is_not_printed_with_its_result() -> None:
    secret = secrets.new_secret()
    assert secret[4:12] not in repr(MutationResult(secret=secret))


async def test_only_the_creation_shows_the_secret(api: ApiClient) -> None:
    secret = (await create_token(api, name="a", scopes=["READ"]))["secret"]
    everything = """{ tokens { nodes { id name scopes projectIds kinds origins createdAt expiresAt lastUsedAt
        revokedAt } } }"""
    response = await ask(api, everything)
    assert secret[4:12] not in response.text
    assert response.json()["data"]["tokens"]["nodes"][0]["name"] == "a"


async def test_malformed_credential_costs_no_statement(api: ApiClient) -> None:
    secret = (await create_token(api, name="a", scopes=["READ"]))["secret"]
    other = "1" if secret[-1] == "0" else "0"
    database = api.app.state.services.database
    for credential in ("", "sgt_", secret[:-1], secret + "0", secret[:-1] + other, "sgt_" + "０" * 46, "x" * 8_000):
        with capture_statements(database, writer=True) as statements:
            assert (await ask(api, VIEWER, f"Bearer {credential}".encode().decode("latin-1"))).status_code == 401
        assert statements == [], credential
    with capture_statements(database, writer=True) as statements:
        for _ in range(3):  # what was not found is not held: it may be created at any moment
            assert (await ask(api, VIEWER, f"Bearer {secrets.new_secret()}")).status_code == 401
    assert len(statements) == 3


# ---- last use ----


async def test_requests_and_checks_of_access_do_not_write_the_last_use(api: ApiClient) -> None:
    created = await create_token(api, name="a", scopes=["READ"])
    with capture_statements(api.app.state.services.database, readers=False, writer=True) as statements:
        for _ in range(10):
            await ask(api, VIEWER, f"Bearer {created['secret']}")
            await api.app.state.access_check.run()
        assert not [statement for statement in statements if "last_used_at" in statement]
        for _ in range(2):
            await api.app.state.access_check.record_last_used()
    assert len([statement for statement in statements if "last_used_at" in statement]) == 1


async def test_open_socket_uses_its_token(api: ApiClient) -> None:
    created = await create_token(api, name="wall", scopes=["READ"])
    check = api.app.state.access_check
    async with (
        serve_app(api.app) as port,
        connect(f"ws://127.0.0.1:{port}/graphql", subprotocols=[Subprotocol("graphql-transport-ws")]) as socket,
    ):
        payload = {"authorization": f"Bearer {created['secret']}"}
        await socket.send(orjson.dumps({"type": "connection_init", "payload": payload}).decode())
        await socket.recv()
        await check.record_last_used()
        await api.advance(3_600)
        await check.record_last_used()
    query = "query($id: ID!) { node(id: $id) { ... on Token { lastUsedAt } } }"
    assert await api.execute(query, id=created["token"]["id"]) == {"lastUsedAt": "2026-05-28T21:26:40.000Z"}


async def test_last_use_that_cannot_be_written_is_written_later(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    created = await create_token(api, name="a", scopes=["READ"])
    await ask(api, VIEWER, f"Bearer {created['secret']}")
    check, database = api.app.state.access_check, api.app.state.services.database

    async def fail(*_: Any) -> None:
        raise StorageUnavailable("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(database, "write", fail)
        with pytest.raises(StorageUnavailable):
            await check.record_last_used()
    async with check.running():
        pass  # as at the stop of the server
    query = "query($id: ID!) { node(id: $id) { ... on Token { lastUsedAt } } }"
    assert await api.execute(query, id=created["token"]["id"]) == {"lastUsedAt": "2026-05-28T20:26:40.000Z"}
    assert api.clock.now() == EPOCH
