"""Limits of lists in variables."""

from typing import Any

import pytest
from graphql import build_schema

from tests.transport.fake_app import with_limits
from transport.documents.operation import find_list_fields
from transport.documents.store import DocumentStore
from transport.errors import RequestError
from transport.settings import TransportSettings

SCHEMA = build_schema("""
scalar JSON
type Query { find(filter: Filter, all: [Filter!], json: JSON): Int one(flat: Flat): Int }
input Filter { ids: [ID!] and: [Filter!] not: Filter flat: Flat deep: Deep json: JSON }
input Deep { deeper: Deeper }
input Deeper { grid: [[Int]] }
input Flat { number: Int json: JSON flat: Flat }
""")
QUERY = "query($filter:Filter $all:[Filter!] $json:JSON){find(filter:$filter all:$all json:$json)}"


def check_variables(variables: dict[str, Any], settings: TransportSettings) -> None:
    DocumentStore(SCHEMA, settings).get(QUERY).select_operation(None).check_variables(variables)


def test_only_input_types_with_lists_are_inspected() -> None:
    holders = find_list_fields(SCHEMA)
    assert {name: sorted(fields) for name, fields in holders.items()} == {
        "Filter": ["and", "deep", "ids", "not"],
        "Deep": ["deeper"],
        "Deeper": ["grid"],
    }
    flat = DocumentStore(SCHEMA, with_limits()).get("query($flat:Flat){one(flat:$flat)}").select_operation(None)
    assert flat.list_variables == {}


@pytest.mark.parametrize(
    "variables",
    [
        {"filter": {"ids": [1, 2, 3]}},
        {"filter": {"not": {"not": {"ids": [1, 2, 3]}}}},
        {"filter": {"and": [{"ids": [1]}, {"ids": [1, 2, 3]}]}},
        {"filter": {"deep": {"deeper": {"grid": [[], [1, 2, 3]]}}}},
        {"all": [{}, {}, {}]},
        {"all": [{"ids": [1, 2, 3]}]},
        {"all": {"ids": [1, 2, 3]}},
    ],
)
def test_long_list_is_refused_at_any_place(variables: dict[str, Any]) -> None:
    check_variables(variables, with_limits(list_size=3))
    with pytest.raises(RequestError) as caught:
        check_variables(variables, with_limits(list_size=2))
    assert caught.value.errors[0]["extensions"]["limit"] == "list size"


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"filter": None, "all": None},
        {"filter": {"json": [1] * 900, "ids": None}},
        {"json": [[1] * 900]},
        {"filter": {"flat": {"json": [1] * 900}}},
        {"filter": "nonsense", "all": 7},
        {"all": ["nonsense", None, 7]},
        {"filter": {"unknown": [1] * 900}},
    ],
)
def test_arrays_outside_declared_lists_are_not_counted(variables: dict[str, Any]) -> None:
    check_variables(variables, with_limits())


def test_items_of_all_lists_add_to_cost() -> None:
    within = {"all": [{"ids": [0] * 8}, {"ids": [0] * 8}]}
    # The field counts once for each of the two filters.
    check_variables(within, with_limits(cost=2 + 2 + 16))
    with pytest.raises(RequestError) as caught:
        check_variables(within, with_limits(cost=2 + 2 + 15))
    assert caught.value.errors[0]["extensions"]["limit"] == "cost"
    with pytest.raises(RequestError):
        check_variables({"all": [{"ids": [0] * 500}] * 500}, with_limits())
