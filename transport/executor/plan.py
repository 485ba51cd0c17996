"""Plans: what an operation selects, flat, with its fragments and directives merged as graphql-core merges them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    OperationDefinitionNode,
    TypeNameMetaFieldDef,
    VariableNode,
    get_named_type,
)
from graphql.execution import Executor, VariableValues, default_field_resolver
from graphql.execution.collect_fields import CollectedFields, FieldDetailsList, collect_fields, collect_subfields

from transport.executor.arguments import Arguments, plan_arguments
from transport.executor.extensions import ATTRIBUTE, READ

INCREMENTAL: Final = frozenset({"defer", "stream"})
CONDITIONS: Final = frozenset({"skip", "include"})


class Unplanned(Exception):
    """An operation or a value of a form that plans do not handle: graphql-core executes the operation."""


@dataclass(frozen=True, slots=True, eq=False)
class PlannedField:
    """One field of a result, from all nodes that select it."""

    name: str
    """In the result."""
    definition: GraphQLField
    parent_type: GraphQLObjectType
    nodes: list[FieldNode]
    details: FieldDetailsList
    """The nodes as graphql-core collected them."""
    is_typename: bool
    attribute: str | None
    """Attribute of the source that is its value."""
    read: Callable[[Any, Any], Any] | None
    """Function of source and context that returns its value; None where the resolver must be called."""
    resolve: Callable[..., Any]
    arguments: Arguments | None
    plan: "Plan"


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """The fields that are selected from objects of one type, in the order of the result."""

    type: GraphQLObjectType
    fields: tuple[PlannedField, ...]


class Plan:
    """The selections of one operation, for one combination of the variables in its directives."""

    def __init__(self, executor: Executor[Any], conditions: Mapping[str, bool]) -> None:
        self.schema: GraphQLSchema = executor.schema
        self._fragments = executor.fragments
        self._operation = executor.operation
        self._hide_suggestions = executor.hide_suggestions
        self._variables = VariableValues({}, dict(conditions))
        """Those of directives alone: a plan lives longer than the request, whose values may be private."""
        self._selections: dict[tuple[str, tuple[int, ...]], Selection] = {}
        """By type, and by the identity of the nodes above: fields of several types may have the same."""
        self.look_ahead: dict[tuple[PlannedField, tuple[str, ...]], frozenset[str] | None] = {}
        """What resolvers have asked for; see `selection.py`."""
        root_type = self.schema.get_root_type(self._operation.operation)
        if root_type is None:
            raise Unplanned
        collected = collect_fields(
            self.schema, self._fragments, self._variables, root_type, self._operation, self._hide_suggestions
        )
        self.root = self._select(root_type, collected)

    def below(self, parent: PlannedField, type_: GraphQLObjectType) -> Selection:
        """Return what is selected from an object of this type in the value of a field."""
        key = type_.name, tuple(map(id, parent.nodes))
        if (selection := self._selections.get(key)) is None:
            collected = collect_subfields(
                self.schema,
                self._fragments,
                self._variables,
                self._operation,
                type_,
                parent.details,
                self._hide_suggestions,
            )
            selection = self._selections[key] = self._select(type_, collected)
        return selection

    def all_below(self, parent: PlannedField) -> list[Selection]:
        """Return what is selected from objects of each possible type; nothing of a leaf."""
        return [self.below(parent, type_) for type_ in possible_types(self.schema, parent.definition.type)]

    def _select(self, type_: GraphQLObjectType, collected: CollectedFields) -> Selection:
        fields = []
        for name, details in collected.grouped_field_set.items():
            nodes = [each.node for each in details]
            definition = self.schema.get_field(type_, nodes[0].name.value)
            if definition is None:
                raise Unplanned
            extensions = {} if definition.args else definition.extensions
            attribute = extensions.get(ATTRIBUTE)
            fields.append(
                PlannedField(
                    name=name,
                    definition=definition,
                    parent_type=type_,
                    nodes=nodes,
                    details=details,
                    is_typename=definition is TypeNameMetaFieldDef,
                    attribute=attribute,
                    read=_read_attribute(attribute) if attribute is not None else extensions.get(READ),
                    resolve=definition.resolve or default_field_resolver,
                    arguments=plan_arguments(definition, nodes[0], hide_suggestions=self._hide_suggestions),
                    plan=self,
                )
            )
        return Selection(type_, tuple(fields))


def _read_attribute(name: str) -> Callable[[Any, Any], Any]:
    return lambda source, _context: getattr(source, name)


def possible_types(schema: GraphQLSchema, type_: Any) -> list[GraphQLObjectType]:
    """Return the types of objects that a value of this type may have."""
    named: GraphQLNamedType = get_named_type(type_)
    if isinstance(named, GraphQLInterfaceType | GraphQLUnionType):
        return schema.get_possible_types(named)
    return [named] if isinstance(named, GraphQLObjectType) else []


def condition_variables(
    operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> list[str] | None:
    """Return the variables that decide what is selected; None if the operation cannot be planned."""
    if any(fragment.variable_definitions for fragment in fragments.values()):
        return None
    found: set[str] = set()
    nodes: list[Any] = [operation, *fragments.values()]
    while nodes:  # in place of recursion: the nesting is the client's
        node = nodes.pop()
        for directive in node.directives or ():
            name = directive.name.value
            if name in INCREMENTAL:
                return None
            if name in CONDITIONS:
                values = (argument.value for argument in directive.arguments or ())
                found.update(value.name.value for value in values if isinstance(value, VariableNode))
        if (selection_set := getattr(node, "selection_set", None)) is not None:
            nodes += selection_set.selections
    return sorted(found)
