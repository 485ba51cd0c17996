"""Sharing of identical queries in flight among random callers: each gets what it gets alone."""

import asyncio
from typing import Any, Final, NamedTuple

import pytest
from graphql import GraphQLObjectType
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from schema import graphql_schema
from tests.access.tokens import ask, create_token
from tests.api.session_inputs import create_project
from tests.api_client import ApiClient
from transport.execution import Execution
from transport.results import OperationResult

PROJECTS: Final = ("one", "two")
SESSION: Final = """id projectId path state elapsedSeconds project { name sessions { totalCount nodes { id } } }
    previous { id projectId } activities { nodes { type cursor } } ... on UserSession { username }"""
DOCUMENTS: Final = (
    f"query($filter: SessionFilter) {{ sessions(filter: $filter) {{ totalCount nodes {{ {SESSION} }} }} }}",
    "query($filter: SessionFilter) { sessionStats(filter: $filter) { total byProject { project { name } total } } }",
    "query($filter: SessionFilter) { activities(filter: $filter) { nodes { cursor type session { id } } } }",
    "query($filter: SessionFilter) { viewer { name scopes projects } sessions(filter: $filter) { nodes { id } } }",
    "query($filter: SessionFilter) { sessions(filter: $filter) { nodes { id } } auditLog { nodes { id } } }",
)
FILTERS: Final[tuple[dict[str, Any], ...]] = ({}, {"projectIds": ["one"]}, {"kinds": ["USER"]})
READER: Final = {"scopes": ["READ"]}
ACCESS: Final[tuple[dict[str, Any], ...]] = (
    *(READER, READER),
    *({**READER, "projectIds": ["one"]}, {**READER, "projectIds": ["one"]}),
    {**READER, "projectIds": ["two"]},
    {"scopes": ["WRITE"]},
    {"scopes": ["READ", "ADMIN"]},
)
"""Of the callers, each with a name of its own; some are equal."""


class Query(NamedTuple):
    caller: int
    document: str
    filter: int


queries = st.builds(
    Query, st.integers(0, len(ACCESS) - 1), st.sampled_from(DOCUMENTS), st.integers(0, len(FILTERS) - 1)
)


@pytest.fixture
async def secrets(api: ApiClient) -> list[str]:
    for name in PROJECTS:
        await create_project(api, name)
        first = await api.start_user(projectId=name)
        await api.start_user(projectId=name, previousId=first["id"])
    admin = (await create_token(api, name="admin", scopes=["ADMIN", "READ", "WRITE"]))["secret"]
    created = [
        await create_token(api, f"Bearer {admin}", name=f"caller {number}", **access)
        for number, access in enumerate(ACCESS)
    ]
    return [payload["secret"] for payload in created]


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(queries, min_size=1, max_size=5).map(lambda drawn: drawn * 4))
@example([Query(caller, document, 0) for document in DOCUMENTS for caller in (2, 3, 0, 4)] * 2)
async def test_each_query_is_as_if_it_were_alone(api: ApiClient, secrets: list[str], drawn: list[Query]) -> None:
    async def answer(query: Query) -> bytes:
        response = await ask(api, query.document, f"Bearer {secrets[query.caller]}", filter=FILTERS[query.filter])
        return response.content

    together = await asyncio.gather(*map(answer, drawn))
    alone = {query: await answer(query) for query in set(drawn)}
    assert together == [alone[query] for query in drawn]


async def test_callers_with_equal_access_share(
    api: ApiClient, secrets: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    executed = []
    execute = Execution.execute

    async def counted(self: Execution, executor: Any) -> OperationResult:
        executed.append(executor.context_value.caller.name)
        return await execute(self, executor)

    monkeypatch.setattr(Execution, "execute", counted)
    await asyncio.gather(*(ask(api, DOCUMENTS[0], f"Bearer {secrets[number % 2]}") for number in range(40)))
    assert len(executed) < 20
    assert set(executed[1:]) == {""}


async def test_only_reviewed_fields_are_not_shareable() -> None:
    # A new field belongs here, unless it reads nothing of the caller but its scopes and projects: then mark it.
    assert graphql_schema.query_type is not None
    objects = [type_ for type_ in graphql_schema.type_map.values() if isinstance(type_, GraphQLObjectType)]
    roots = {graphql_schema.mutation_type, graphql_schema.subscription_type}
    data = [type_ for type_ in objects if type_ not in roots and not type_.name.startswith("__")]
    assert sorted(
        f"{type_.name}.{name}"
        for type_ in data
        for name, field in type_.fields.items()
        if not field.extensions.get("shareable")
    ) == [
        *("Attachment.url", "AuditEntry.action", "DataPoint.rawData", "DataPoint.value", "FieldSession.data"),
        *("Query.auditLog", "Query.node", "Query.nodes", "Query.project", "Query.projects", "Query.session"),
        *("Query.tokens", "Query.viewer", "Viewer.projects", "Viewer.scopes"),
    ]
