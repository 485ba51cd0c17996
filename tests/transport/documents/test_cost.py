"""Cost of operations."""

from typing import Any

import pytest
from graphql import build_schema, parse

from transport import Limits
from transport.documents.complexity import ComplexityAnalyzer

SCHEMA = build_schema("""
type Query {
  name: String
  thing: Thing
  things: [Thing!]!
  part: [Thing!]!
  page(first: Int, last: Int): Page!
  twenty(first: Int = 20): [Thing!]!
  byIds(ids: [ID!]!): [Thing]!
  fifty(first: Int): Page!
  filtered(ids: [ID!], first: Int): Page!
  search: [Either]
  dear: Thing
  free: Thing
}
type Mutation {
  change(input: Int): Thing! changeAll(inputs: [Int!]!): [Thing!]! note(texts: [String!]): Thing
  changeEach(input: Each): Changes
}
input Each { inputs: [Int!]! }
type Changes { things: [Thing!]! thing: Thing }
type Page { nodes: [Thing!]! edges: [Edge!]! total: Int info: Info }
type Info { more: Boolean }
type Edge { cursor: String node: Thing }
type Thing { id: ID names: [String!]! thing: Thing things: [Thing] grid: [[Thing]] page(first: Int): Page }
union Either = Thing | Info
""")
for name, weight in (("dear", 50), ("free", 0)):
    SCHEMA.query_type.fields[name].extensions["weight"] = weight  # type: ignore[union-attr]  # there is one
SCHEMA.query_type.fields["fifty"].extensions["default_size"] = 50  # type: ignore[union-attr]
SCHEMA.query_type.fields["part"].extensions["size"] = 500  # type: ignore[union-attr]  # likewise
SCHEMA.mutation_type.fields["changeEach"].extensions["size"] = ("input", "inputs")  # type: ignore[union-attr]


def cost(query: str, variables: dict[str, Any] | None = None, **limits: int) -> int:
    document = parse(query)
    operation: Any = document.definitions[0]
    complexity = ComplexityAnalyzer(SCHEMA, document, Limits(**limits)).analyze(operation)
    return complexity.cost.evaluate(variables or {})


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("{__typename}", 0),
        ("{name}", 1),
        ("{thing{id}}", 1),
        ("{thing{id names thing{id}}}", 2),
        ("{things{id}}", 10),
        ("{things{thing{id} names}}", 20),
        ("{things{things{id}}}", 10 * (1 + 10)),
        ("{part{things{id}}}", 500 * (1 + 10)),
        ("{thing{grid{id}}}", 1 + 100),
        ("{page{nodes{id}}}", 1 + 10),
        ("{page(first:500){nodes{id}}}", 1 + 500),
        ("{page(last:7){nodes{id}}}", 1 + 7),
        ("{page(first:3,last:7){nodes{id}}}", 1 + 7),
        ("{page(first:500){total info{more}}}", 2),
        ("{page(first:5){edges{cursor node{id}}}}", 1 + 5 * 2),
        ("{page(first:5){nodes{page(first:3){nodes{id}}}}}", 1 + 5 * (1 + 1 + 3)),
        ("{page(first:5){...P}} fragment P on Page{nodes{...T}} fragment T on Thing{thing{id}}", 1 + 5 * 2),
        ("{page(first:5){...{nodes{id}}}}", 1 + 5),
        ("{page(first:0){nodes{id}}}", 1),
        ("{page(first:-9){nodes{id}}}", 1),
        ("{page(first:99999999){nodes{id}}}", 1 + 1000),
        ("{page(first:null){nodes{id}}}", 1 + 10),
        ('{page(first:"7"){nodes{id}}}', 1 + 10),
        ("{twenty{id}}", 20),
        ("{fifty{nodes{id}}}", 1 + 50),
        ("{fifty(first:null){nodes{id}}}", 1 + 50),
        ("{fifty(first:2){nodes{id}}}", 1 + 2),
        ("{twenty(first:2){id}}", 2),
        ("{byIds(ids:[1,2,3]){thing{id}}}", 3 * 2),
        ("{byIds(ids:1){thing{id}}}", 2),
        ("{byIds(ids:[]){thing{id}}}", 2),
        ("{filtered(ids:[1,2,3]){nodes{id}}}", 1 + 10),
        ("{filtered(ids:[1,2,3],first:2){nodes{id}}}", 1 + 2),
        ("mutation{change(input:1){thing{id}}}", 2),
        ("mutation{changeAll(inputs:[1,2]){thing{id}}}", 4),
        ('mutation{note(texts:["a","b","c"]){thing{id}}}', 6),
        ("{search{...on Thing{thing{id}}...on Info{more}}}", 20),
        ("{dear{thing{id}}}", 51),
        ("{free{thing{id}}}", 1),
        ("{nothing{page(first:5){nodes{id}}}}", 0),
        ("{__schema{types{fields{args{type{ofType{name}}}}}}}", 0),
    ],
)
def test_cost_is_weight_times_size(query: str, expected: int) -> None:
    assert cost(query) == expected


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, 1 + 10),
        ({"n": None}, 1 + 10),
        ({"n": 30}, 1 + 30),
        ({"n": 10**30}, 1 + 1000),
        ({"n": -1}, 1),
        ({"n": 1e308}, 1 + 1000),
        ({"n": 4.0}, 1 + 4),
        ({"n": "7"}, 1 + 10),
        ({"n": [7]}, 1 + 10),
        ({"n": {"a": 1}}, 1 + 10),
    ],
)
def test_variable_sets_list_size(variables: dict[str, Any], expected: int) -> None:
    assert cost("query($n:Int){page(first:$n){nodes{id}}}", variables) == expected


def test_absent_variable_keeps_argument_default() -> None:
    assert cost("query($n:Int){twenty(first:$n){id}}") == 20
    assert cost("query($n:Int){twenty(first:$n){id}}", {"n": 3}) == 3


@pytest.mark.parametrize(("ids", "expected"), [([1, 2, 3], 6), ([], 2), (None, 2), ("x", 2)])
def test_items_of_list_variable_multiply_cost(ids: object, expected: int) -> None:
    assert cost("query($ids:[ID!]!){byIds(ids:$ids){thing{id}}}", {"ids": ids}) == expected


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("mutation{changeEach(input:{inputs:[1,2,3]}){things{thing{id}}thing{id}}}", {}),
        ("mutation($i:[Int!]!){changeEach(input:{inputs:$i}){things{thing{id}}thing{id}}}", {"i": [1, 2, 3]}),
        ("mutation($i:Each){changeEach(input:$i){things{thing{id}}thing{id}}}", {"i": {"inputs": [1, 2, 3]}}),
    ],
)
def test_list_inside_input_sizes_lists_below(query: str, variables: dict[str, Any]) -> None:
    assert cost(query, variables) == 1 + 1 + 3 * 2


@pytest.mark.parametrize("value", [None, 7, "x", [1], {}, {"inputs": None}, {"inputs": 7}])
def test_input_without_list_counts_one_item(value: object) -> None:
    assert cost("mutation($i:Each){changeEach(input:$i){things{thing{id}}}}", {"i": value}) == 1 + 2
    assert cost("mutation{changeEach{things{id}}}") == 1 + 1


def test_settings_bound_unknown_and_requested_list_sizes() -> None:
    assert cost("{things{id}}", default_list_size=3) == 3
    assert cost("{page(first:9){nodes{id}}}", list_size=4) == 1 + 4
