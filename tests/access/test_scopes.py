"""What each scope permits: every root field, and what a WRITE-only caller can and cannot learn."""

from itertools import combinations
from pathlib import Path
from typing import Any, Final

import pytest
from graphql import GraphQLInputObjectType, get_named_type, is_required_argument, is_required_input_field

from models.enums import Scope
from resolvers.access import Caller
from resolvers.feed.messages import Snapshot
from resolvers.subscriptions.active_sessions import active_sessions
from resolvers.subscriptions.activities import session_activities
from schema import graphql_schema
from tests.access.tokens import ask, create_token
from tests.access.wall.cases import REQUIRED
from tests.api_client import ApiClient
from tests.blobs.form_client import PNG, FilePart, FormClient
from tests.feed_harness import FeedHarness, fold

READ, WRITE, ADMIN = Scope.READ, Scope.WRITE, Scope.ADMIN
ANY: Final = frozenset(Scope)
READ_OR_WRITE: Final = frozenset({READ, WRITE})
TO_WRITE, TO_ADMIN = frozenset({WRITE}), frozenset({ADMIN})

PERMITTED_TO: Final = {
    **dict.fromkeys(("Query.viewer", "Query.project"), ANY),
    # Of what they name: a node may be of any type, and each type has its own rule.
    **dict.fromkeys(("Query.node", "Query.nodes", "Query.session"), READ_OR_WRITE),
    **dict.fromkeys(("Query.sessions", "Query.activities", "Query.sessionStats"), frozenset({READ})),
    "Query.projects": frozenset({READ, ADMIN}),
    **dict.fromkeys(("Query.tokens", "Query.auditLog"), TO_ADMIN),
    **dict.fromkeys(
        (
            *("Mutation.startSession", "Mutation.keepaliveSession", "Mutation.keepaliveSessions"),
            *("Mutation.hideSession", "Mutation.stopSession", "Mutation.updateAgendaSession", "Mutation.trackMedia"),
            "Mutation.saveFieldData",
        ),
        TO_WRITE,
    ),
    **dict.fromkeys(
        (
            *("Mutation.terminateSession", "Mutation.terminateSessions", "Mutation.deleteSession"),
            *("Mutation.createProject", "Mutation.updateProject", "Mutation.deleteProject"),
            *("Mutation.createToken", "Mutation.revokeToken"),
        ),
        TO_ADMIN,
    ),
    **dict.fromkeys(
        ("Subscription.activeSessions", "Subscription.sessionActivities", "Subscription.sessionStats"),
        frozenset({READ}),
    ),
}
"""Scopes of which one is needed, by root field, with the least arguments that it takes."""

COMBINATIONS: Final = [frozenset(chosen) for size in (1, 2, 3) for chosen in combinations(Scope, size)]
ARGUMENTS: Final = {"KeepaliveSessionsInput.sessions": [{"id": "s_" + "0" * 22}]}


def root_fields() -> list[str]:
    roots = (graphql_schema.query_type, graphql_schema.mutation_type, graphql_schema.subscription_type)
    return [f"{root.name}.{name}" for root in roots if root is not None for name in root.fields]


def test_each_root_field_has_a_rule() -> None:
    assert set(root_fields()) == PERMITTED_TO.keys()


def request_of(coordinate: str) -> tuple[str, dict[str, Any]]:
    """Make the smallest operation of a root field."""
    owner, name = coordinate.split(".")
    field = graphql_schema.type_map[owner].fields[name]  # type: ignore[attr-defined]  # it has fields
    required = {key: argument for key, argument in field.args.items() if is_required_argument(argument)}
    declared = ", ".join(f"${key}: {argument.type}" for key, argument in required.items())
    called = ", ".join(f"{key}: ${key}" for key in required)
    heading, call = (f"({declared})", f"({called})") if required else ("", "")
    document = f"{owner.lower()}{heading} {{ {name}{call} {{ __typename }} }}"
    return document, {key: _least(argument.type) for key, argument in required.items()}


def _least(type_: Any) -> Any:
    named = get_named_type(type_)
    if isinstance(named, GraphQLInputObjectType):
        found = {}
        for name, field in named.fields.items():
            coordinate = f"{named.name}.{name}"
            if is_required_input_field(field):
                found[name] = REQUIRED.get(coordinate, ARGUMENTS.get(coordinate)) or _least(field.type)
        return found
    return ["s_" + "0" * 22] if "[" in str(type_) else "s_" + "0" * 22


@pytest.mark.parametrize("scopes", COMBINATIONS, ids=lambda scopes: "+".join(sorted(scopes)))
async def test_root_field_is_forbidden_without_its_scope(api: ApiClient, scopes: frozenset[Scope]) -> None:
    await api.execute('mutation { createProject(input: {id: "a"}) { problems { code } } }')
    created = await create_token(api, name="one", scopes=sorted(scopes), projectIds=["a"])
    refused = set()
    for coordinate in PERMITTED_TO:
        if not coordinate.startswith("Subscription"):
            document, variables = request_of(coordinate)
            answer = (await ask(api, document, f"Bearer {created['secret']}", **variables)).json()
            codes = {error["extensions"]["code"] for error in answer.get("errors", ())}
            assert codes <= {"FORBIDDEN"}, (coordinate, answer)
            refused |= {coordinate} if codes else set()
    expected = {name for name, needed in PERMITTED_TO.items() if not needed & scopes and not name.startswith("Sub")}
    assert refused == expected


@pytest.mark.parametrize("scopes", COMBINATIONS, ids=lambda scopes: "+".join(sorted(scopes)))
async def test_subscription_is_forbidden_without_its_scope(api: ApiClient, scopes: frozenset[Scope]) -> None:
    created = await create_token(api, name="one", scopes=sorted(scopes))
    headers = {"accept": "text/event-stream", "authorization": f"Bearer {created['secret']}"}
    for coordinate in PERMITTED_TO:
        if coordinate.startswith("Subscription") and not PERMITTED_TO[coordinate] & scopes:
            document, variables = request_of(coordinate)
            answer = await api.http.post("/graphql", json={"query": document, "variables": variables}, headers=headers)
            assert "FORBIDDEN" in answer.text, coordinate


WRITER: Final = Caller("w", "page", frozenset({WRITE}), frozenset({"default"}))
BY_ID: Final = """query($id: ID!) { session(id: $id) { id subject previous { id } project { id name }
    activities { nodes { type session { id } } } pathTimes { path } } }"""
LIST_BY_ID: Final = "query($id: ID!) { session(id: $id) { project { sessions { totalCount } } } }"


async def test_writer_reads_by_id_and_lists_nothing(api: ApiClient) -> None:
    created = await create_token(api, name="page", scopes=["WRITE"], projectIds=["default"])
    authorization = f"Bearer {created['secret']}"
    first = await api.start_user("ann")
    second = await api.start_user("ann", previousId=first["id"])
    found = (await ask(api, BY_ID, authorization, id=second["id"])).json()["data"]["session"]
    assert (found["subject"], found["previous"], found["project"]) == (
        "ann",
        {"id": first["id"]},
        {"id": "default", "name": "default"},
    )
    assert found["activities"] == {"nodes": [{"type": "STARTED", "session": {"id": second["id"]}}]}
    listed = (await ask(api, LIST_BY_ID, authorization, id=second["id"])).json()
    assert (listed["data"], listed["errors"][0]["extensions"]["code"]) == ({"session": None}, "FORBIDDEN")


async def test_filter_of_ids_cannot_be_widened(harness: FeedHarness) -> None:
    known, other = [(await harness.api.start_user(name))["id"] for name in ("ann", "bob")]
    context = await harness.context(WRITER)
    options: dict[str, Any] = {"min_interval_ms": 0, "heartbeats": True}
    wider: list[dict[str, Any]] = [
        {},
        {"project_ids": ["default"]},
        {"user": {}},
        {"client": {}, "user": {}},
        {"states": ["ACTIVE"]},
    ]
    sets = [
        await harness.open_stream(active_sessions(context, filter={"ids": [known], **more}, after=None, **options))
        for more in wider
    ]
    log = await harness.open_stream(session_activities(context, filter={"ids": [known]}, types=None, after=None))
    nothing = await harness.open_stream(active_sessions(context, filter={"ids": []}, after=None, **options))
    for id_ in (known, other):
        await harness.api.mutate("hideSession", {"id": id_})
        await harness.api.mutate("keepaliveSession", {"id": id_})
    for stream in sets:
        first = stream.received[0].payload
        assert isinstance(first, Snapshot)
        assert first.total_count == 1
        assert {change.id for change in await stream.read()} == {known}
        assert set(fold(stream.received)) == {known}
    assert {entry.session_id for entry in await log.read()} == {known}
    assert await nothing.read() == []


REPLACE: Final = """mutation($unit: String!) {
    startSession(input: {variant: {field: {uuid: "form", unitId: $unit, data: []}}}) {
        created session { id } problems { code path } } }"""


@pytest.mark.parametrize(("scopes", "may_replace"), [(["WRITE"], False), (["WRITE", "READ"], True)])
async def test_writer_replaces_forms_of_the_same_unit_only(
    api: ApiClient, scopes: list[str], *, may_replace: bool
) -> None:
    created = await create_token(api, name="device", scopes=scopes, projectIds=["default"])
    old = await api.start_session("field", {"uuid": "form", "unitId": "u1", "data": []})

    async def replace(unit: str) -> dict[str, Any]:
        answer = await ask(api, REPLACE, f"Bearer {created['secret']}", unit=unit)
        payload: dict[str, Any] = answer.json()["data"]["startSession"]
        return payload

    refused = await replace("u2")
    assert refused["created"] is may_replace
    if not may_replace:
        assert refused["problems"] == [{"code": "CONFLICT", "path": ["input", "variant", "field", "uuid"]}]
        assert (await api.session(old["id"]))["id"] == old["id"]
        assert (await replace("u1"))["created"]
        assert await api.execute("query($id: ID!) { session(id: $id) { id } }", id=old["id"]) is None


FILE: Final = "session { id ... on FieldSession { data { file { filename url } } } }"


@pytest.mark.parametrize(("scopes", "sees"), [(["READ"], True), (["WRITE"], True), (["ADMIN"], False)])
async def test_address_of_a_file_is_for_readers(
    api: ApiClient, tmp_path: Path, scopes: list[str], *, sees: bool
) -> None:
    device = FormClient(api, tmp_path / "test.db.files")
    form = await device.started({"photo": FilePart(PNG, "a.png")})
    # An administrator may end a session, and sees it in the payload.
    created = await create_token(api, name="one", scopes=scopes)
    document = f"query($id: ID!) {{ {FILE.replace('session', 'session(id: $id)', 1)} }}"
    if scopes == ["ADMIN"]:
        document = f'mutation($id: ID!) {{ terminateSession(input: {{id: $id, reason: "x"}}) {{ {FILE} }} }}'
    answer = (await ask(api, document, f"Bearer {created['secret']}", id=form["id"])).json()
    assert ("/attachments/" in str(answer)) is sees
    assert [error["extensions"]["code"] for error in answer.get("errors", ())] == ([] if sees else ["FORBIDDEN"])
