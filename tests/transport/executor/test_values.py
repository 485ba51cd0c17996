"""Values at the edge of what generated functions complete by themselves: the same as by graphql-core."""

import asyncio
from math import inf, nan
from typing import Any, Final

import pytest
from graphql import GraphQLObjectType, build_schema, parse
from graphql.execution import Executor

from transport.executor import CompiledExecutor
from transport.executor.extensions import ATTRIBUTE

SCHEMA: Final = build_schema("""
    interface Node { id: ID }
    enum Color { RED }
    type Row implements Node {
      id: ID  int: Int  float: Float  string: String  boolean: Boolean  color: Color  words: [String!]  numbers: [Int]
    }
    type Query { row: Row  node: Node  twice(number: Int!): Int }
""")
row_type = SCHEMA.get_type("Row")
assert isinstance(row_type, GraphQLObjectType)
FIELDS: Final = row_type.fields
for name, field in FIELDS.items():
    field.extensions[ATTRIBUTE] = name


class Row:
    def __init__(self, **values: Any) -> None:
        for field_name in FIELDS:
            setattr(self, field_name, values.get(field_name))


class Text(str):
    """A string of a class of its own."""


async def run(executor_class: type[Executor[Any]], document: str, root: dict[str, Any]) -> Any:
    executor = executor_class.build(SCHEMA, parse(document), root)
    assert isinstance(executor, Executor)
    result: Any = executor.execute_operation()
    return (await result if hasattr(result, "__await__") else result).formatted


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("int", value) for value in (0, 2**31 - 1, 2**31, -(2**31), -(2**31) - 1, True, 1.0, 1.5, "7", None)),
        *(("float", value) for value in (0.5, 3, inf, -inf, nan, True, "0.5", None)),
        *(("string", value) for value in ("a", Text("a"), 1, True, 0.5, b"a", None)),
        *(("id", value) for value in ("a", Text("a"), 1, 1.0, True, None)),
        *(("boolean", value) for value in (True, False, 1, 0, 0.5, "true", None)),
        *(("color", value) for value in ("RED", Text("RED"), "GREEN", ["RED"], None)),
        *(
            ("words", value)
            for value in (["a"], [], ("a",), ["a", Text("b")], ["a", None], ["a", 1], "a", {"a": 1}, None)
        ),
        *(("numbers", value) for value in ([1, None], [2**31], {1: 2}.keys(), None)),
    ],
)
async def test_value_is_completed_as_by_graphql_core(name: str, value: Any) -> None:
    root = {"row": Row(**{name: value})}
    document = f"{{ row {{ {name} }} }}"
    assert repr(await run(CompiledExecutor, document, root)) == repr(await run(Executor, document, root))


async def test_list_in_the_result_is_not_that_of_the_row() -> None:
    row = Row(words=["a"])
    result = await run(CompiledExecutor, "{ row { words } }", {"row": row})
    result["data"]["row"]["words"].append("b")
    assert row.words == ["a"]  # type: ignore[attr-defined]  # set by name


async def test_type_name_that_was_awaited_is_not_the_value(monkeypatch: pytest.MonkeyPatch) -> None:
    async def type_name(*_: Any) -> str:
        await asyncio.sleep(0)
        return "Row"

    monkeypatch.setattr(SCHEMA.get_type("Node"), "resolve_type", type_name)
    document, root = "{ node { id ... on Row { int } } other: node { id } }", {"node": Row(id="1", int="x")}
    result = await run(CompiledExecutor, document, root)
    assert result == await run(Executor, document, root)
    assert result["data"] == {"node": {"id": "1", "int": None}, "other": {"id": "1"}}


async def test_null_for_a_required_argument_is_refused() -> None:
    document = parse("query($number: Int = 1) { twice(number: $number) }")
    calls: list[int] = []

    def twice(_info: Any, number: int) -> int:
        calls.append(number)
        return 2 * number

    results = []
    for executor_class in (CompiledExecutor, Executor):
        executor = executor_class.build(SCHEMA, document, {"twice": twice}, raw_variable_values={"number": None})
        assert isinstance(executor, Executor)
        results.append(executor.execute_operation())
    assert repr(results[0]) == repr(results[1])
    assert calls == []
