"""Plans: which operations have one, what it selects, and that it is bounded."""

import re
import traceback
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

import pytest
from graphql import GraphQLInterfaceType, GraphQLObjectType, build_schema, get_introspection_query, parse
from graphql.execution import Executor

from schema import graphql_schema
from transport import executor as executor_package
from transport.documents.store import DocumentStore
from transport.executor import CompiledExecutor, LineBudget, OperationPlans
from transport.executor.compiled import CompiledPlan
from transport.executor.extensions import ATTRIBUTE, READS, TYPE_NAME
from transport.executor.line_budget import MAX_LINES
from transport.executor.listing import generated_source
from transport.executor.run import Run
from transport.executor.selection import selected_attributes
from transport.settings import Limits, TransportSettings

SCHEMA: Final = build_schema("""
    directive @defer(if: Boolean, label: String) on FRAGMENT_SPREAD | INLINE_FRAGMENT
    interface Animal { id: ID!  name: String }
    type Dog implements Animal { id: ID!  name: String  barks: Boolean! }
    type Cat implements Animal { id: ID!  name: String  lives: Int! }
    type Edge { node: Animal! }
    type Connection { nodes: [Animal!]!  edges: [Edge!]!  first: Dog }
    type Query { animals(first: Int = 2, kinds: [String!]): Connection!  dog: Dog }
""")


class Row:
    def __init__(self, **attributes: Any) -> None:
        self.__dict__ = attributes


DOG: Final = Row(kind="Dog", id="1", name="Rex", barks=True)
CAT: Final = Row(kind="Cat", id="2", name=None, lives=9)
CONNECTION: Final = Row(nodes=[DOG, CAT], edges=[Row(node=CAT)], first=DOG)

for type_ in SCHEMA.type_map.values():
    if isinstance(type_, GraphQLObjectType) and type_.name in {"Dog", "Cat", "Edge", "Connection"}:
        for name, field in type_.fields.items():
            field.extensions[ATTRIBUTE] = name
    if isinstance(type_, GraphQLInterfaceType):
        type_.extensions |= {TYPE_NAME: lambda row: row.kind, READS: frozenset({"kind"})}
        type_.resolve_type = lambda row, *_: row.kind


def build(document: str, variables: dict[str, Any] | None = None, **options: Any) -> CompiledExecutor:
    def animals(info: Any, **arguments: Any) -> Row:
        found.append((info, arguments))
        return CONNECTION

    root = {"animals": animals, "dog": DOG}
    executor = CompiledExecutor.build(SCHEMA, parse(document), root, raw_variable_values=variables, **options)
    assert isinstance(executor, CompiledExecutor)
    return executor


found: list[tuple[Any, dict[str, Any]]] = []
"""Info and arguments of the calls of `animals`."""


@pytest.fixture(autouse=True)
def forget_calls() -> None:
    found.clear()


def planned(executor: CompiledExecutor) -> CompiledPlan:
    plan = executor.plans.get(executor)
    assert plan is not None
    return plan


def execute(executor: CompiledExecutor) -> Any:
    """Execute by the plan, and check that graphql-core says the same."""
    result: Any = executor.execute_operation()
    assert result == Executor.execute_operation(executor)
    planned(executor)
    return result.data


def test_fragments_are_merged_for_each_type_in_the_order_of_the_result() -> None:
    document = (
        """{ animals { nodes { ... on Dog { barks } id ...More } } } fragment More on Animal { __typename name id }"""
    )
    nodes = execute(build(document))["animals"]["nodes"]
    assert [list(node) for node in nodes] == [["barks", "id", "__typename", "name"], ["id", "__typename", "name"]]


def test_function_is_generated_when_its_type_is_met() -> None:
    executor = build("{ animals { edges { node { id ... on Cat { lives } } } } }")
    execute(executor)
    names = [source.name for source in planned(executor).sources]
    assert names == ["Edge_edges", "Connection_animals", "Cat_node"]


@pytest.mark.parametrize(
    "names",
    ["path", "item", "item_path", "items", "value", "each_id", "item_nodes", "of_nodes", "list_path", "run", "type"],
)
def test_response_names_are_no_names_of_the_function(names: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fields = f"{names}: name id barks complete: barks each: id"
    document = f"{{ {names}: animals {{ {names}: nodes {{ {names}: name id }} nodes {{ id }} first {{ {fields} }} }} }}"
    executor = build(document)
    expected = Executor.execute_operation(executor)
    monkeypatch.setattr(Executor, "execute_operation", None)
    assert executor.execute_operation() == expected


@pytest.mark.parametrize("type_name", ["select", "read", "complete"])
def test_type_name_is_no_name_of_the_function(type_name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    schema = build_schema(f"type {type_name} {{ x: {type_name}  y: Int }}  type Query {{ x: {type_name} }}")
    row = {"x": {"x": {"x": {"y": 3}, "y": 2}, "y": 1}}
    executor = CompiledExecutor.build(schema, parse("{ x { x { y } } }"), row)
    assert isinstance(executor, CompiledExecutor)
    monkeypatch.setattr(Executor, "execute_operation", None)
    assert executor.execute_operation().data == {"x": {"x": {"y": 2}}}


def test_executors_of_one_subscription_collect_apart() -> None:
    schema = build_schema("type Query { a: Int }  type Subscription { a: Int }")
    plans, document = OperationPlans(), parse("subscription { a }")
    one, other = (
        CompiledExecutor.build_planned(plans, {}, None, schema=schema, document=document, max_coercion_errors=1)
        for _ in range(2)
    )
    assert isinstance(one, CompiledExecutor)
    assert isinstance(other, CompiledExecutor)
    for name in ("collected_errors", "background_futures", "pending_incremental_futures", "_stream_usages"):
        assert getattr(one, name) is not getattr(other, name)


def test_variables_of_directives_have_plans_of_their_own() -> None:
    plans = OperationPlans()
    document = "query($a: Boolean!, $b: Boolean = true) { dog { id @skip(if: $a) name @include(if: $b) barks } }"
    results = [
        list(execute(build(document, {"a": a, "b": b}, plans=plans))["dog"])
        for a in (True, False)
        for b in (True, False)
    ]
    assert results == [["name", "barks"], ["barks"], ["id", "name", "barks"], ["id", "barks"]]
    assert planned(build(document, {"a": True}, plans=plans)) is planned(
        build(document, {"a": True, "b": True}, plans=plans)
    )


def test_combinations_of_variables_are_bounded() -> None:
    names = [f"v{number}" for number in range(5)]
    fields = " ".join(f"{name}: id @skip(if: ${name})" for name in names)
    document = f"query({' '.join(f'${name}: Boolean!' for name in names)}) {{ dog {{ barks {fields} }} }}"
    plans = OperationPlans()
    counts = []
    for number in range(32):
        values = {name: bool(number >> index & 1) for index, name in enumerate(names)}
        executor = build(document, values, plans=plans)
        counts.append(plans.get(executor) is not None)
        assert executor.execute_operation() == Executor.execute_operation(executor)
    assert counts == [True] * 16 + [False] * 16


def test_lines_of_one_operation_are_bounded() -> None:
    document = "{ animals { nodes { id name } first { id } } }"
    budget = LineBudget(1_000, 24)
    plans = OperationPlans(budget)
    executor = build(document, plans=plans)
    assert executor.execute_operation() == Executor.execute_operation(executor)
    assert plans.get(executor) is None
    assert budget.left == 1_000


def test_operations_that_were_planned_first_lose_their_functions() -> None:
    budget = LineBudget(20, 1_000)
    first, second = (OperationPlans(budget) for _ in range(2))
    large = build("{ animals { nodes { id name } first { id } } }", plans=first)
    plan = execute(large) and first.get(large)
    assert budget.left <= 0
    execute(build("{ dog { id } }", plans=second))
    assert budget.left == 20 - 5
    assert first.get(large) not in {None, plan}


def test_lines_are_given_back_with_the_document() -> None:
    budget = LineBudget(20, 1_000)
    plans = OperationPlans(budget)
    execute(build("{ dog { id } }", plans=plans))
    assert budget.left == 20 - 5
    del plans
    assert budget.left == 20


def test_cached_documents_share_one_budget() -> None:
    limits = Limits(cached_documents=1)
    documents = DocumentStore(SCHEMA, TransportSettings(limits=limits))
    texts = [f"{{ animals {{ first {{ name{number}: name }} }} }}" for number in range(3)]
    left = []
    for text in texts:
        execute(build(text, plans=documents.get(text).select_operation(None).plans))
        left.append(documents._lines.left)
    assert left[0] == left[1] == left[2] < MAX_LINES


@pytest.mark.parametrize(
    "document",
    [
        "{ ... @defer { dog { id } } }",
        "query($if: Boolean!) { dog { id } ... @defer(if: $if) { dog { name } } }",
    ],
)
def test_deferred_operation_has_no_plan(document: str) -> None:
    executor = build(document, {"if": False})
    assert executor.plans.get(executor) is None


@pytest.mark.parametrize("option", ["middleware", "type_resolver", "field_resolver"])
def test_executor_with_hooks_has_no_plan(option: str) -> None:
    calls: list[Any] = []

    def resolve(*arguments: Any, **_: Any) -> Any:
        calls.append(arguments)
        return {"id": "9"}

    options = {"middleware": [lambda following, *arguments: resolve() and following(*arguments)]}
    executor = build("{ dog { id } }", **({option: resolve} if option != "middleware" else options))
    executor.execute_operation()
    assert bool(calls) == (option != "type_resolver")


def test_introspection_is_executed_by_its_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    document = get_introspection_query(input_value_deprecation=True, specified_by_url=True)
    executor = build(document)
    expected = Executor.execute_operation(executor)
    monkeypatch.setattr(Executor, "execute_operation", None)
    assert executor.execute_operation() == expected


def test_info_of_a_planned_field_is_that_of_graphql_core() -> None:
    execute(build("query Name($n: Int = 3) { a: animals(first: $n) { first { id } } }"))
    (info, arguments), (expected, expected_arguments) = found
    assert arguments == expected_arguments == {"first": 3}
    assert info[:13] == expected[:13]


@pytest.mark.parametrize(
    ("document", "variables"),
    [
        ("{ animals { first { id } } }", {}),
        ('{ animals(first: 7, kinds: ["a"]) { first { id } } }', {}),
        ("query($n: Int) { animals(first: $n) { first { id } } }", {}),
        ("query($n: Int) { animals(first: $n) { first { id } } }", {"n": None}),
        ("query($k: [String!]) { animals(kinds: $k, first: 1) { first { id } } }", {"k": ["x"]}),
        ("query($k: String!) { animals(kinds: [$k, $k]) { first { id } } }", {"k": "x"}),
    ],
)
def test_arguments_are_those_of_graphql_core(document: str, variables: dict[str, Any]) -> None:
    execute(build(document, variables))
    assert found[0][1] == found[1][1]
    assert list(found[0][1]) == list(found[1][1])


def test_changed_argument_is_new_in_each_request() -> None:
    plans = OperationPlans()
    for _ in range(2):
        build('{ animals(kinds: ["a"]) { first { id } } }', plans=plans).execute_operation()
        assert found[-1][1]["kinds"] == ["a"]
        found[-1][1]["kinds"].append("b")


def test_traceback_shows_the_generated_source() -> None:
    executor = build("{ dog { id barks } }")
    execute(executor)
    (source,) = planned(executor).sources
    with pytest.raises(AttributeError) as failed:
        source.compile()(Row(id="1"), Run(executor), None)
    assert "value = source.barks  # Boolean!" in "".join(traceback.format_tb(failed.value.__traceback__))


def test_error_has_no_context_of_the_run_before() -> None:
    schema = build_schema("type Query { a: Int }")

    def fail(_info: object) -> None:
        raise LookupError("no")

    executor = CompiledExecutor.build(schema, parse("{ a }"), {"a": fail})
    assert isinstance(executor, CompiledExecutor)
    (error,) = executor.execute_operation().errors
    assert isinstance(error.original_error, LookupError)
    assert error.original_error.__context__ is None


def test_listing_shows_the_functions_of_all_possible_types() -> None:
    listing = generated_source(SCHEMA, "query($x: Boolean!) { animals { nodes { id name @include(if: $x) } } }")
    assert re.findall(r"def (\w+)", listing) == ["Connection_animals", "Dog_nodes", "Cat_nodes"]
    assert 'result["name"]' in listing


def test_readme_shows_the_function_that_is_generated() -> None:
    readme = (Path(executor_package.__file__).parent / "README.md").read_text(encoding="utf-8")
    (document,) = re.findall(r"```graphql\n(.*?)```", readme, re.DOTALL)
    shown = re.findall(r"```python\n(def .*?)```", readme, re.DOTALL)
    listing = generated_source(graphql_schema, document)
    assert re.findall(r"def UserSession.*?return result\n", listing, re.DOTALL) == shown


@pytest.mark.parametrize(
    ("selection", "path", "expected"),
    [
        ("nodes { id }", ("nodes",), {"kind", "id"}),
        ("nodes { __typename }", ("nodes",), {"kind"}),
        ("all: nodes { alias: name ... on Cat { lives } }", ("nodes",), {"kind", "name", "lives"}),
        ("nodes { id } nodes { name @skip(if: true) ...F }", ("nodes",), {"kind", "id", "barks"}),
        ("edges { node { id } } nodes { name }", ("edges", "node"), {"kind", "id"}),
        ("edges { node { id } } a: edges { b: node { name } }", ("edges", "node"), {"kind", "id", "name"}),
        ("first { id }", ("first",), {"id"}),
        ("first { id }", ("nodes",), set()),
        ("first { id } nodes { id }", (), {"first", "nodes"}),
    ],
)
def test_selected_attributes_are_those_that_fields_read(
    selection: str, path: tuple[str, ...], expected: Collection[str]
) -> None:
    fragment = " fragment F on Dog { barks }" if "...F" in selection else ""
    execute(build(f"{{ animals {{ {selection} }} }}{fragment}"))
    planned_info, core_info = found[0][0], found[1][0]
    for _ in range(2):  # the second time from memory
        assert selected_attributes(planned_info, *path) == frozenset(expected)
    assert selected_attributes(core_info, *path) is None


def test_selected_attributes_are_unknown_where_a_field_does_not_declare_them() -> None:
    dog = SCHEMA.get_type("Dog")
    assert isinstance(dog, GraphQLObjectType)
    extensions = dog.fields["name"].extensions
    dog.fields["name"].extensions = {}
    try:
        execute(build("{ animals { first { id name } nodes { id } } }"))
    finally:
        dog.fields["name"].extensions = extensions
    assert selected_attributes(found[0][0], "first") is None
    assert selected_attributes(found[0][0], "nodes") == frozenset({"kind", "id"})


def test_selected_attributes_are_unknown_where_a_type_asks_its_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    dog = SCHEMA.get_type("Dog")
    assert isinstance(dog, GraphQLObjectType)
    monkeypatch.setattr(dog, "is_type_of", lambda row, _info: row.barks)
    execute(build("{ animals { first { id } } }"))
    assert selected_attributes(found[0][0], "first") is None
