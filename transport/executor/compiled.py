"""Compiled plans: the functions of an operation, and how the values of its fields are completed."""

from typing import Any

from graphql import GraphQLObjectType, is_leaf_type, is_list_type, is_non_null_type

from transport.executor.completion import (
    Completion,
    Function,
    LeafCompletion,
    ListCompletion,
    ObjectCompletion,
    Unanswered,
    checked,
    type_name_of,
)
from transport.executor.line_budget import LineCount
from transport.executor.plan import Plan, PlannedField, Selection, possible_types
from transport.executor.source import FunctionSource


class CompiledPlan:
    """The functions of a plan. Each is generated when the first object of its type is met."""

    def __init__(self, plan: Plan, lines: LineCount) -> None:
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
        return ObjectCompletion(self.functions(planned), type_name_of(planned, type_), required=required)

    def functions(self, planned: PlannedField) -> "FunctionTable":
        """Return the functions of objects in the value of a field by the name of their type."""
        return FunctionTable(self, planned)


class FunctionTable(dict[str, Function]):
    """Functions by the name of the type of an object."""

    def __init__(self, compiled: CompiledPlan, planned: PlannedField) -> None:
        super().__init__()
        self._compiled = compiled
        self._planned = planned
        self._possible = {each.name: each for each in possible_types(compiled.plan.schema, planned.definition.type)}

    def __missing__(self, type_name: str) -> Function:
        if (type_ := self._possible.get(type_name)) is None:
            raise Unanswered
        function = self[type_name] = self._compiled.function(self._planned, type_)
        return function
