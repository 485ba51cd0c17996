"""Count of overlapping fields, each pair of which the rule OverlappingFieldsCanBeMerged compares."""

from collections.abc import Iterator, Mapping, Sequence

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)


def count_overlaps(operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]) -> int:
    """Count pairs of fields with the same response name, and pairs of fragments, in merged selection sets.

    Visits each selection of the expanded operation once: check `Complexity.selections` first.
    """
    pairs = 0
    stack: list[Sequence[SelectionSetNode]] = [[operation.selection_set]]
    while stack:
        spreads = 0
        fields: dict[str, list[FieldNode]] = {}
        for node in merged_selections(stack.pop(), fragments):
            if isinstance(node, FieldNode):
                fields.setdefault((node.alias or node.name).value, []).append(node)
            else:
                spreads += 1
        pairs += spreads * (spreads - 1) // 2
        for same_name in fields.values():
            pairs += len(same_name) * (len(same_name) - 1) // 2
            if selection_sets := [node.selection_set for node in same_name if node.selection_set]:
                stack.append(selection_sets)
    return pairs


def merged_selections(
    selections: Sequence[SelectionSetNode], fragments: Mapping[str, FragmentDefinitionNode]
) -> Iterator[FieldNode | FragmentSpreadNode]:
    """Yield the fields of selection sets and of their fragments, and the fragment spreads."""
    stack = list(selections)
    while stack:
        for node in stack.pop().selections:
            match node:
                case FieldNode():
                    yield node
                case InlineFragmentNode():
                    stack.append(node.selection_set)
                case FragmentSpreadNode():
                    yield node
                    stack.append(fragments[node.name.value].selection_set)
