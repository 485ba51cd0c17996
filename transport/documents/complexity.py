"""Counts what a document asks for, each fragment once, in time linear in the document.

Fragments make documents exponential: twenty of them, each spreading the next one twice, write a field a million times
in 700 bytes. So each fragment is counted once and its counts are added wherever it is spread. The counter needs a
document whose fragments are defined, used, unique and free of cycles (checked in `transport.documents.store`), and
nothing else: unknown fields and types count as fields that ask for nothing.
"""

from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    get_named_type,
    is_composite_type,
)

from transport.documents.cost import Sum, list_arguments, lists_in, size_of, weight_of
from transport.settings import Limits


@dataclass(slots=True)
class Tally:
    """What a selection set asks for, its fragments written out."""

    selections: int = 0
    """Fields and fragment spreads, at any depth."""
    fields: int = 0
    """Fields of the set itself."""
    aliases: int = 0
    directives: int = 0
    depth: int = 0
    introspection: int = 0
    """Depth of the fields of introspection, which count apart."""
    cost: Sum = field(default_factory=Sum)
    each: Sum = field(default_factory=Sum)
    """The cost of one item of the lists in this set that leave their size to the connection above them."""

    def include(self, other: "Tally") -> None:
        """Add the tally of a fragment, or of a field, that stands in this set."""
        self.selections += other.selections
        self.fields += other.fields
        self.aliases += other.aliases
        self.directives += other.directives
        self.depth = max(self.depth, other.depth)
        self.introspection = max(self.introspection, other.introspection)
        self.cost.add(1, other.cost)
        self.each.add(1, other.each)


class Counter:
    """Counts the operations of one document."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, limits: Limits) -> None:
        self._schema = schema
        self._limits = limits
        self._roots = {
            schema.query_type,
            schema.mutation_type,
            schema.subscription_type,
        }
        self._fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self._tallies: dict[str, Tally] = {}
        self.longest_list = 0
        """Items of the longest list that is written out as an argument."""

    def operation(self, operation: OperationDefinitionNode) -> Tally:
        """What one operation asks for."""
        root = self._schema.get_root_type(operation.operation)
        tally = self._set(operation.selection_set, root)
        tally.directives += len(operation.directives or ())
        tally.directives += sum(len(variable.directives or ()) for variable in operation.variable_definitions or ())
        tally.cost.add(self._limits.default_list_size, tally.each)
        return tally

    def _set(self, selections: SelectionSetNode, parent: GraphQLNamedType | None) -> Tally:
        tally = Tally()
        for selection in selections.selections:
            tally.include(self._selection(selection, parent))
        return tally

    def _selection(self, node: SelectionNode, parent: GraphQLNamedType | None) -> Tally:
        match node:
            case FieldNode():
                return self._field(node, parent)
            case InlineFragmentNode():
                on = self._schema.get_type(node.type_condition.name.value) if node.type_condition else parent
                tally = self._set(node.selection_set, on)
            case FragmentSpreadNode():
                tally = Tally(selections=1)
                tally.include(self._fragment(node.name.value))
        tally.directives += len(node.directives or ())
        return tally

    def _fragment(self, name: str) -> Tally:
        tally = self._tallies.get(name)
        if tally is None:
            definition = self._fragments[name]
            on = self._schema.get_type(definition.type_condition.name.value)
            tally = self._set(definition.selection_set, on)
            tally.directives += len(definition.directives or ())
            self._tallies[name] = tally
        return tally

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None) -> Tally:
        definition = self._definition(node, parent)
        type_ = get_named_type(definition.type) if definition else None
        inner = self._set(node.selection_set, type_) if node.selection_set else Tally()
        tally = Tally(
            selections=inner.selections + 1,
            fields=1,
            aliases=inner.aliases + (node.alias is not None),
            directives=inner.directives + len(node.directives or ()),
            depth=inner.depth,
            introspection=inner.introspection,
        )
        if is_introspection(node, parent):
            tally.introspection += 1
        else:
            tally.depth += 1
            if definition:
                self._add_cost(tally, node, definition, inner, of_root=parent in self._roots)
        return tally

    def _definition(self, node: FieldNode, parent: GraphQLNamedType | None) -> GraphQLField | None:
        return self._schema.get_field(parent, node.name.value) if is_composite_type(parent) else None

    def _add_cost(
        self, tally: Tally, node: FieldNode, definition: GraphQLField, inner: Tally, *, of_root: bool
    ) -> None:
        written = (len(getattr(value, "values", ())) for value in list_arguments(definition, node))
        self.longest_list = max(self.longest_list, *written, 0)
        unasked = self._limits.default_list_size
        size = size_of(definition, node, self._limits)
        lists = lists_in(definition.type)
        is_connection = not lists and ("first" in definition.args or "last" in definition.args)
        once = Sum(weight_of(definition, of_root=of_root) if node.name.value != "__typename" else 0)
        once.add(1, inner.cost)
        once.add(size if size is not None and is_connection else unasked, inner.each)
        # Of a list in a list, only the outer one is asked for with a size.
        row = Sum()
        row.add(unasked ** max(lists - 1, 0), once)
        if size is None and lists:
            tally.each.add(1, row)
        else:
            tally.cost.add(1 if size is None or is_connection else size, row)


def is_introspection(node: FieldNode, parent: GraphQLNamedType | None) -> bool:
    """Whether a field belongs to the part of a document that asks for the schema itself."""
    return node.name.value in ("__schema", "__type") or (parent is not None and parent.name.startswith("__"))
