"""Generated functions: each reads what is selected from objects of one type, and returns it as a dict.

What is usual is written out: attributes, leaves of built-in types, enums, objects and lists of objects. Everything else
is left to a `Completion`. `FunctionSource.text` is Python that one can read; see README.md for an example.
"""

from collections.abc import Iterator, Mapping
from itertools import count
from keyword import iskeyword
from math import isfinite
from typing import Any, Final, Protocol

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLObjectType,
    GraphQLString,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)

from transport.executor.completion import (
    PLAIN,
    Function,
    Unanswered,
    at_field,
)
from transport.executor.extensions import TYPE_NAME
from transport.executor.plan import PlannedField, Selection

_IS_BUILT_IN: Final = {
    GraphQLString: "type(value) is str",
    GraphQLID: "type(value) is str",
    GraphQLBoolean: "type(value) is bool",
    GraphQLInt: "type(value) is int and -2147483648 <= value <= 2147483647",
    GraphQLFloat: "type(value) is float and isfinite(value)",
}
"""Conditions under which a value stands in the result as it is."""

_SHARED_TYPES: Final[Mapping[Any, type]] = {GraphQLString: str, GraphQLID: str, GraphQLBoolean: bool}
"""Classes of items that stand in the result as they are."""

_numbers: Final = count(1)


class Parts(Protocol):
    """What the function of a selection calls."""

    def completion(self, planned: PlannedField) -> Any:
        """Return how the value of a field is completed; of a list, with the completion of its items as `item`."""

    def function(self, planned: PlannedField, type_: GraphQLObjectType) -> Function:
        """Return the function of objects of this type in the value of a field."""

    def functions(self, planned: PlannedField) -> Mapping[str, Function]:
        """Return the functions of objects in the value of a field by the name of their type."""


class FunctionSource:
    """The source of one function, and the names that it refers to."""

    def __init__(self, parts: Parts, selection: Selection, name: str) -> None:
        self._parts = parts
        self.name = name
        # The name of the file is not that of the operation: that is text from a client.
        self._filename = f"generated/{name}_{next(_numbers)}.py"
        self._names: dict[str, Any] = {
            "__name__": self._filename,
            "__loader__": self,
            "plain": PLAIN,
            "isfinite": isfinite,
        }
        lines = [f"def {name}(source, run, path):", "    result = {}"]
        for planned in selection.fields:
            lines += (f"    {line}" for line in self._field(planned))
        lines.append("    return result")
        self.line_count = len(lines)
        self.text = "\n".join(lines) + "\n"

    def compile(self) -> Function:
        """Return the function. Tracebacks find its source through its loader."""
        code = compile(self.text, self._filename, "exec")
        # Apart from the names: `select_x` may be this function, of a type `select`, and one that it calls.
        defined: dict[str, Function] = {}
        exec(code, self._names, defined)  # noqa: S102 - made of names of the schema and the document
        return defined[self.name]

    def get_source(self, _name: str) -> str:
        """Return the source, as a loader of modules does for `linecache`."""
        return self.text

    def _refer(self, name: str, value: Any) -> str:
        """Return a name for a value that the function uses.

        It ends with a response name, which a client has chosen: what is before it is the beginning of no other name.
        """
        assert self._names.setdefault(name, value) is value, f"{name} has two meanings"
        return name

    def _field(self, planned: PlannedField) -> Iterator[str]:
        key = planned.name
        type_: Any = planned.definition.type
        target = f'result["{key}"]'
        if planned.is_typename:
            yield f'{target} = "{planned.parent_type.name}"'
            return
        path = f'(path, "{key}", "{planned.parent_type.name}")'
        yield f"value = {self._value(planned, path)}  # {planned.definition.type}"
        completion = at_field(self._parts.completion(planned), planned)
        complete = f"{self._refer(f'complete_{key}', completion)}(value, run, result, path)"
        nullable = not is_non_null_type(type_)
        inner = type_ if nullable else type_.of_type
        if is_leaf_type(inner):
            yield from self._leaf(key, inner, target, complete, nullable=nullable)
        elif is_list_type(inner):
            yield from self._list(planned, inner, target, complete, path)
        elif (call := self._selection_call(planned, inner, "value", path)) is not None:
            yield "if type(value) in plain:"
            yield f"    {target} = {call}"
            yield "else:"
            yield f"    {target} = {complete}"
        else:
            yield f"{target} = {complete}"

    def _value(self, planned: PlannedField, path: str) -> str:
        name, attribute = planned.name, planned.attribute
        if attribute is not None and attribute.isidentifier() and not iskeyword(attribute):
            return f"source.{attribute}"
        if planned.read is not None:
            return f"{self._refer(f'read_{name}', planned.read)}(source, run.context)"
        resolve = self._refer(f"resolve_{name}", planned.resolve)
        info = f"run.info({self._refer(f'field_{name}', planned)}, {path})"
        if planned.arguments is None:
            return f"{resolve}(source, {info})"
        return f"{resolve}(source, {info}, **{self._refer(f'arguments_{name}', planned.arguments)}(run.variables))"

    def _leaf(self, key: str, type_: Any, target: str, complete: str, *, nullable: bool) -> Iterator[str]:
        is_built_in = _IS_BUILT_IN.get(type_)
        if is_built_in is not None:
            condition = f"value is None or {is_built_in}" if nullable else is_built_in
            yield f"{target} = value if {condition} else {complete}"
        elif isinstance(type_, GraphQLEnumType):
            names = self._refer(f"names_{key}", EnumNames(type_))
            yield f"{target} = {names}[value] if type(value) in plain else {complete}"
        else:
            coerce = self._refer(f"coerce_{key}", type_.coerce_output_value)
            yield f"if type(value) in plain and type(coerced := {coerce}(value)) in plain:"
            yield f"    {target} = coerced"
            yield "else:"
            yield f"    {target} = {complete}"

    def _list(self, planned: PlannedField, type_: Any, target: str, complete: str, path: str) -> Iterator[str]:
        item: Any = type_.of_type.of_type if is_non_null_type(type_.of_type) else type_.of_type
        call = None if is_list_type(item) else self._selection_call(planned, item, "item", "item_path")
        if item in _SHARED_TYPES:
            types = self._refer(f"types_{planned.name}", {_SHARED_TYPES[item]})
            yield f"if type(value) is list and {types}.issuperset(map(type, value)):"
            yield f"    {target} = value.copy()"
            yield "else:"
            yield f"    {target} = {complete}"
        elif call is None:
            yield f"{target} = {complete}"
        else:
            completion: Any = self._parts.completion(planned)
            complete_item = self._refer(f"each_{planned.name}", completion.item)
            yield "if type(value) is list:"
            yield f"    items = {target} = []"
            yield f"    list_path = {path}"
            yield "    for index, item in enumerate(value):"
            yield "        item_path = (list_path, index, None)"
            yield "        if type(item) in plain:"
            yield f"            items.append({call})"
            yield "        else:"
            yield f"            items.append({complete_item}(item, run, items, index, item_path))"
            yield "else:"
            yield f"    {target} = {complete}"

    def _selection_call(self, planned: PlannedField, type_: Any, value: str, path: str) -> str | None:
        """Return the call that selects from an object; None for other types, and where the schema must be asked."""
        name = planned.name
        if is_object_type(type_):
            function = self._refer(f"select_{name}", self._parts.function(planned, type_))
            return f"{function}({value}, run, {path})"
        if is_abstract_type(type_) and (type_name := type_.extensions.get(TYPE_NAME)) is not None:
            functions = self._refer(f"select_{name}", self._parts.functions(planned))
            return f"{functions}[{self._refer(f'type_of_{name}', type_name)}({value})]({value}, run, {path})"
        return None


class EnumNames(dict[Any, str]):
    """Names of the values of an enum, as its type coerces them."""

    def __init__(self, type_: GraphQLEnumType) -> None:
        super().__init__()
        self._type = type_

    def __missing__(self, value: Any) -> str:
        name = self._type.coerce_output_value(value)
        if type(name) is not str:
            raise Unanswered
        if len(self) < len(self._type.values):
            self[value] = name
        return name
