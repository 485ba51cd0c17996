"""The executor's results are those of graphql-core."""

from collections.abc import Callable, Generator
from typing import Any, Final

import pytest
from graphql import GraphQLObjectType, build_schema, parse
from graphql.execution import Executor
from hypothesis import given, settings
from hypothesis import strategies as st

from transport.executor import CompiledExecutor
from transport.executor.extensions import READ

SCHEMA: Final = build_schema("""
    scalar Anything
    enum Color { RED GREEN }
    interface Node { id: ID!  label: String }
    type Item implements Node {
      id: ID!  label: String  number: Int!  flag: Boolean  ratio: Float!  color: Color!  any: Anything
      words: [String!]!  numbers: [Int]  matrix: [[Int!]]  child: Item  required: Item!  children: [Item!]  node: Node
      shouted(times: Int = 1): String!
    }
    type Query { item: Item  items: [Item!]! }
""")
LEAVES: Final = ("id", "label", "number", "flag", "ratio", "color", "any", "words", "numbers", "matrix")
DOCUMENT: Final = parse("""query($yes: Boolean!) {
    item { __typename ...All child { ...All } required { again: number label } }
    items { ...All children { ...All words } node { __typename label ... on Item { number } } }
  }
  fragment All on Item {
    id label number @include(if: $yes) flag ratio color any words numbers matrix shouted shouted2: shouted(times: 2)
  }""")

VALUES: Final = st.one_of(
    st.none(),
    st.sampled_from(
        ["RED", "x", 1, 2**40, True, 1.5, float("nan"), {"a": 1}, ["a", "b"], [1, None], [[1], None], ("t",)]
    ),
    st.builds(ValueError, st.just("as a value")),
)
VALID: Final[dict[str, Any]] = {
    "id": "1", "label": "a", "number": 1, "flag": True, "ratio": 0.5, "color": "RED", "any": {}, "words": ["w"],
    "numbers": [1, None], "matrix": [[1]], "shouted": "!",
}  # fmt: skip


class Row:
    """An object whose fields return, raise or await what the test wants."""

    def __init__(self, special: dict[str, tuple[str, Any]], children: "list[Row]") -> None:
        self.special = special
        self.children = children

    def read(self, name: str) -> Any:
        how, value = self.special.get(name, ("return", VALID.get(name)))
        if how == "raise":
            raise RuntimeError(name)
        return Later(value) if how == "await" else value


class Later:
    """Awaitable. Not a coroutine: graphql-core leaves some unawaited beside an error, which is a warning."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __await__(self) -> Generator[None, None, Any]:
        yield
        return self.value


def prepare(type_: GraphQLObjectType) -> None:
    def reader(name: str) -> Callable[[Any, Any], Any]:
        return lambda row, context: row.read(context[name])

    for name in LEAVES:
        read = type_.fields[name].extensions[READ] = reader(name)
        type_.fields[name].resolve = lambda row, info, read=read: read(row, info.context)
    type_.fields["shouted"].resolve = lambda row, _info, times: row.read("shouted") * times
    for name in ("child", "required", "node"):
        type_.fields[name].resolve = lambda row, _info: row.children[0] if row.children else None
    type_.fields["children"].resolve = lambda row, _info: row.children


item_type = SCHEMA.get_type("Item")
assert isinstance(item_type, GraphQLObjectType)
prepare(item_type)
SCHEMA.get_type("Node").resolve_type = lambda *_: "Item"  # type: ignore[union-attr]  # it exists

ROWS: Final = st.recursive(
    st.builds(
        Row,
        st.dictionaries(
            st.sampled_from((*LEAVES, "shouted")),
            st.tuples(st.sampled_from(["return", "raise", "await"]), VALUES),
            max_size=3,
        ),
        st.just([]),
    ),
    lambda rows: st.builds(lambda row, children: Row(row.special, children), rows, st.lists(rows, max_size=3)),
    max_leaves=6,
)


async def run(executor_class: type[Executor[Any]], rows: list[Row], variables: dict[str, Any]) -> list[str]:
    """Execute the document once for each row as the root's item, with one executor as for events."""
    context = {name: name for name in LEAVES}
    executor = executor_class.build(SCHEMA, DOCUMENT, context_value=context, raw_variable_values=variables)
    assert isinstance(executor, Executor)
    found = []
    for row in rows:
        result: Any = executor.build_per_event_executor({"item": row, "items": rows}).execute_operation()
        found.append(repr((await result if hasattr(result, "__await__") else result).formatted))
    return found


# graphql-core drops its own coroutines beside an error as well.
@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
@settings(max_examples=200, deadline=None)
@given(st.lists(ROWS, min_size=1, max_size=4), st.booleans())
async def test_results_and_errors_are_those_of_graphql_core(rows: list[Row], yes: bool) -> None:
    expected = await run(Executor, rows, {"yes": yes})
    assert await run(CompiledExecutor, rows, {"yes": yes}) == expected


class CountingExecutor(CompiledExecutor):
    """Counts the fields that graphql-core executes."""

    executed = 0

    def execute_field(self, *args: Any) -> Any:
        type(self).executed += 1
        return super().execute_field(*args)


async def test_readable_leaves_are_not_executed_by_graphql_core() -> None:
    document = parse("{ items { kind: __typename id number words children { id matrix } } }")
    rows = [Row({}, [Row({}, [])]) for _ in range(20)]
    executor = CountingExecutor.build(SCHEMA, document, {"items": rows}, {name: name for name in LEAVES})
    assert isinstance(executor, CountingExecutor)
    result: Any = executor.execute_operation()
    item = {"kind": "Item", "id": "1", "number": 1, "words": ["w"], "children": [{"id": "1", "matrix": [[1]]}]}
    assert result.data["items"][7] == item
    assert CountingExecutor.executed == 0


async def test_coroutines_of_readable_leaves_are_awaited_once() -> None:
    async def answer() -> int:
        awaited.append(1)
        return 5

    awaited: list[int] = []
    schema = build_schema("type Query { number: Int! other: String }")
    field = schema.query_type.fields["number"]  # type: ignore[union-attr]  # it has one
    field.extensions[READ] = lambda _source, _context: answer()
    field.resolve = lambda _source, _info: answer()
    executor = CompiledExecutor.build(schema, parse("{ number again: number other }"), {"other": "x"})
    assert isinstance(executor, CompiledExecutor)
    result: Any = await executor.execute_operation()
    assert list(result.data.items()) == [("number", 5), ("again", 5), ("other", "x")]
    assert awaited == [1, 1]
