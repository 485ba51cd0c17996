"""Generated functions: each reads what is selected from objects of one type, and returns it as a dict.

What is usual is written out: attributes, leaves of built-in types, enums, objects and lists of objects. Everything else
is left to a `Completion`. `FunctionSource.text` is Python that one can read; see README.md for an example.
"""

from collections.abc import Iterator, Mapping
from itertools import count
from keyword import iskeyword
from math import isfinite
from typing import Any, Final

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
    Completion,
    Function,
    LeafCompletion,
    ListCompletion,
    ObjectCompletion,
    Unanswered,
    at_field,
    checked,
    type_name_of,
)
from transport.executor.extensions import TYPE_NAME
from transport.executor.plan import Plan, PlannedField, Selection, Unplanned, possible_types

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

MAX_LINES: Final = 100_000
MAX_LINES_OF_OPERATION: Final = 2_000

_numbers: Final = count(1)


class LineBudget:
    """Bound of the memory that generated functions take, with all that belongs to them: 550 bytes a line.

    A page of five kinds of rows has about 100 lines.
    """

    def __init__(self, lines: int = MAX_LINES, lines_of_operation: int = MAX_LINES_OF_OPERATION) -> None:
        self.left = lines
        self.lines_of_operation = lines_of_operation


class LineCount:
    """Lines of the functions of one operation."""

    def __init__(self, budget: LineBudget) -> None:
        self._budget = budget
        self._count = 0

    @property
    def may_grow(self) -> bool:
        return self._budget.left > 0

    def add(self, lines: int) -> None:
        """Take lines of the budget. Raises Unplanned if there are too many of this operation."""
        self._count += lines
        self._budget.left -= lines
        if self._count > self._budget.lines_of_operation:
            raise Unplanned

    def give_back(self) -> None:
        self._budget.left += self._count
        self._count = 0


class CompiledPlan:
    """The functions of a plan. Each is generated when the first object of its type is met."""

    def __init__(self, plan: Plan, lines: "LineCount") -> None:
        self.plan = plan
        self._lines = lines
        self._functions: dict[Selection, Function] = {}
        self.sources: list[FunctionSource] = []
        self.root = [(planned, self.completion(planned)) for planned in plan.root.fields]

    def function(self, planned: PlannedField, type_: GraphQLObjectType) -> Function:
        """Return the function of objects of this type in the value of a field."""
        selection = self.plan.below(planned, type_)
        function = self._functions.get(selection)
        if function is None:
            function = self._functions[selection] = self._generate(planned, selection)
        return function if type_.is_type_of is None else checked(function, type_.is_type_of, planned)

    def _generate(self, planned: PlannedField, selection: Selection) -> Function:
        source = FunctionSource(self, selection, f"{selection.type.name}_{planned.nodes[0].name.value}")
        self._lines.add(source.line_count)
        self.sources.append(source)
        return source.compile()

    def generate_all(self) -> None:
        """Generate the functions of all types that are possible, not only of those that are met."""
        fields, known = [planned for planned, _ in self.root], set[Selection]()
        while fields:
            planned = fields.pop()
            for type_ in possible_types(self.plan.schema, planned.definition.type):
                self.function(planned, type_)
                selection = self.plan.below(planned, type_)
                if selection not in known:
                    known.add(selection)
                    fields += selection.fields

    def completion(self, planned: PlannedField) -> Completion:
        """Return how the value of a field is completed."""
        return self._completion(planned, planned.definition.type)

    def _completion(self, planned: PlannedField, type_: Any, *, required: bool = False) -> Completion:
        if is_non_null_type(type_):
            return self._completion(planned, type_.of_type, required=True)
        if is_list_type(type_):
            return ListCompletion(self._completion(planned, type_.of_type), required=required)
        if is_leaf_type(type_):
            return LeafCompletion(type_.coerce_output_value, required=required)
        return ObjectCompletion(FunctionTable(self, planned, type_), type_name_of(planned, type_), required=required)


class FunctionTable(dict[str, Function]):
    """Functions by the name of the type of an object."""

    def __init__(self, compiled: CompiledPlan, planned: PlannedField, type_: Any) -> None:
        super().__init__()
        self._compiled = compiled
        self._planned = planned
        self._possible = {each.name: each for each in possible_types(compiled.plan.schema, type_)}

    def __missing__(self, type_name: str) -> Function:
        if (type_ := self._possible.get(type_name)) is None:
            raise Unanswered
        function = self[type_name] = self._compiled.function(self._planned, type_)
        return function


class FunctionSource:
    """The source of one function, and the names that it refers to."""

    def __init__(self, compiled: CompiledPlan, selection: Selection, name: str) -> None:
        self._compiled = compiled
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
        exec(code, self._names)  # noqa: S102 - made of names of the schema and the document
        function: Function = self._names[self.name]
        return function

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
        completion = at_field(self._compiled.completion(planned), planned)
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
            completion: Any = self._compiled.completion(planned)
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
            function = self._refer(f"select_{name}", self._compiled.function(planned, type_))
            return f"{function}({value}, run, {path})"
        if is_abstract_type(type_) and (type_name := type_.extensions.get(TYPE_NAME)) is not None:
            functions = self._refer(f"select_{name}", FunctionTable(self._compiled, planned, type_))
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
