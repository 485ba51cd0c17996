"""Query complexity: size, depth and cost of a document, in time linear in its length.

Fragments make documents exponential: twenty of them, each spreading the next one twice, select a field a million times
in 700 bytes. So each fragment is analyzed once and its figures are added wherever it is spread. The fragments must be
defined, used, unique and free of cycles (checked in `documents.store`). Unknown fields and types cost nothing.
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

from transport.documents.cost import CostExpression, field_weight, list_arguments, list_depth, requested_size
from transport.executor.extensions import SHAREABLE
from transport.settings import Limits


@dataclass(slots=True)
class Complexity:
    """Figures of a selection set with its fragments expanded."""

    selections: int = 0
    """Fields and fragment spreads, at any depth."""
    fields: int = 0
    """Fields of the set itself."""
    aliases: int = 0
    directives: int = 0
    depth: int = 0
    introspection_depth: int = 0
    """Depth of the introspection fields, which have a limit of their own."""
    shareable: bool | None = None
    """Whether all fields are: see `executor.extensions`. None: there are none but `__typename`."""
    cost: CostExpression = field(default_factory=CostExpression)
    per_item: CostExpression = field(default_factory=CostExpression)
    """Cost of one item of the lists in this set whose size is given by the connection above them."""

    def add(self, other: "Complexity") -> None:
        """Add the figures of a field or fragment of this set."""
        self.selections += other.selections
        self.fields += other.fields
        self.aliases += other.aliases
        self.directives += other.directives
        self.depth = max(self.depth, other.depth)
        self.introspection_depth = max(self.introspection_depth, other.introspection_depth)
        self.shareable = _all(self.shareable, other.shareable)
        self.cost.add(1, other.cost)
        self.per_item.add(1, other.per_item)


class ComplexityAnalyzer:
    """Analyzes the operations of one document."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, limits: Limits) -> None:
        self._schema = schema
        self._limits = limits
        self._root_types = {schema.query_type, schema.mutation_type, schema.subscription_type}
        self._fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self._fragment_complexities: dict[str, Complexity] = {}
        self.longest_list = 0
        """Items of the longest list literal among the arguments."""

    def analyze(self, operation: OperationDefinitionNode) -> Complexity:
        root_type = self._schema.get_root_type(operation.operation)
        complexity = self._selection_set(operation.selection_set, root_type)
        complexity.directives += len(operation.directives or ())
        complexity.directives += sum(
            len(variable.directives or ()) for variable in operation.variable_definitions or ()
        )
        # No connection is above the root fields.
        complexity.cost.add(self._limits.default_list_size, complexity.per_item)
        return complexity

    def _selection_set(self, selections: SelectionSetNode, parent: GraphQLNamedType | None) -> Complexity:
        complexity = Complexity()
        for selection in selections.selections:
            complexity.add(self._selection(selection, parent))
        return complexity

    def _selection(self, node: SelectionNode, parent: GraphQLNamedType | None) -> Complexity:
        match node:
            case FieldNode():
                return self._field(node, parent)
            case InlineFragmentNode():
                type_condition = (
                    self._schema.get_type(node.type_condition.name.value) if node.type_condition else parent
                )
                complexity = self._selection_set(node.selection_set, type_condition)
            case FragmentSpreadNode():
                complexity = Complexity(selections=1)
                complexity.add(self._fragment(node.name.value))
        complexity.directives += len(node.directives or ())
        return complexity

    def _fragment(self, name: str) -> Complexity:
        # Memoized: without, nested fragments take exponential time.
        complexity = self._fragment_complexities.get(name)
        if complexity is None:
            definition = self._fragments[name]
            type_condition = self._schema.get_type(definition.type_condition.name.value)
            complexity = self._selection_set(definition.selection_set, type_condition)
            complexity.directives += len(definition.directives or ())
            self._fragment_complexities[name] = complexity
        return complexity

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None) -> Complexity:
        definition = self._definition(node, parent)
        type_ = get_named_type(definition.type) if definition else None
        inner = self._selection_set(node.selection_set, type_) if node.selection_set else Complexity()
        complexity = Complexity(
            selections=inner.selections + 1,
            fields=1,
            aliases=inner.aliases + (node.alias is not None),
            directives=inner.directives + len(node.directives or ()),
            depth=inner.depth,
            introspection_depth=inner.introspection_depth,
        )
        if node.name.value != "__typename":
            is_shareable = definition is not None and definition.extensions.get(SHAREABLE) is True
            complexity.shareable = _all(is_shareable, inner.shareable)
        # GraphiQL's introspection query is deeper than any other query needs to be, and costs little.
        if is_introspection_field(node, parent):
            complexity.introspection_depth += 1
        else:
            complexity.depth += 1
            if definition:
                self._add_cost(complexity, node, definition, inner, is_root=parent in self._root_types)
        return complexity

    def _definition(self, node: FieldNode, parent: GraphQLNamedType | None) -> GraphQLField | None:
        return self._schema.get_field(parent, node.name.value) if is_composite_type(parent) else None

    def _add_cost(
        self, complexity: Complexity, node: FieldNode, definition: GraphQLField, inner: Complexity, *, is_root: bool
    ) -> None:
        literal_lengths = (len(getattr(value, "values", ())) for value in list_arguments(definition, node))
        self.longest_list = max(self.longest_list, *literal_lengths, 0)
        default_size = self._limits.default_list_size
        size = requested_size(definition, node, self._limits)
        list_levels = list_depth(definition.type)
        sizes_lists_below = "first" in definition.args or "last" in definition.args or "size" in definition.extensions
        is_connection = not list_levels and sizes_lists_below
        item_cost = CostExpression(field_weight(definition, is_root=is_root) if node.name.value != "__typename" else 0)
        item_cost.add(1, inner.cost)
        item_cost.add(size if size is not None and is_connection else default_size, inner.per_item)
        # The requested size is that of the outer list; inner lists count the default size.
        row_cost = CostExpression()
        row_cost.add(default_size ** max(list_levels - 1, 0), item_cost)
        if size is None and list_levels:
            complexity.per_item.add(1, row_cost)
        else:
            complexity.cost.add(1 if size is None or is_connection else size, row_cost)


def is_introspection_field(node: FieldNode, parent: GraphQLNamedType | None) -> bool:
    return node.name.value in ("__schema", "__type") or (parent is not None and parent.name.startswith("__"))


def _all(one: bool | None, other: bool | None) -> bool | None:
    """Return whether both are true; None says nothing."""
    return other if one is None else one and other is not False
