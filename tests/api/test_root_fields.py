"""Root fields of one operation: an error in one leaves the data of the others."""

from typing import Final

import pytest
from graphql import GraphQLNonNull

from schema import graphql_schema
from tests.api_client import ApiClient

FAILING_QUERIES: Final = (
    "sessions(first: 0) { totalCount }",
    'activities(after: "garbage") { edges { cursor } }',
    'sessionStats { total series(from: "2026-01-01T00:00:00Z", to: "2026-01-01T00:01:00Z", bucketSeconds: 0) { at } }',
    "projects(first: 1, last: 1) { edges { cursor } }",
)


@pytest.mark.parametrize("failing", FAILING_QUERIES)
async def test_failing_query_leaves_data_of_other_root_fields(api: ApiClient, failing: str) -> None:
    session = await api.start_user()
    body = await api.post(
        f"""query($id: ID!) {{ before: viewer {{ name }} failing: {failing}
        after: session(id: $id) {{ id }} }}""",
        {"id": session["id"]},
    )
    assert body["data"] == {"before": {"name": "local"}, "failing": None, "after": {"id": session["id"]}}
    assert [(error["path"][0], error["extensions"]["code"]) for error in body["errors"]] == [
        ("failing", "BAD_USER_INPUT")
    ]


def test_root_fields_are_nullable() -> None:
    roots = (graphql_schema.query_type, graphql_schema.mutation_type)
    fields = {name: of.type for root in roots if root is not None for name, of in root.fields.items()}
    # An error of an item of `nodes` is an item that is null.
    assert [name for name, type_ in fields.items() if isinstance(type_, GraphQLNonNull)] == ["nodes"]


async def test_read_that_is_interrupted_beside_a_failing_field_is_repeated(api: ApiClient) -> None:
    session = await api.start_user(fields="activities { nodes { id } }")
    (activity,) = session["activities"]["nodes"]
    document = 'query($id: ID!) { node(id: $id) { id } activities(after: "garbage") { totalCount } }'
    answer = await api.post(document, {"id": activity["id"]})
    assert answer["data"] == {"node": activity, "activities": None}
