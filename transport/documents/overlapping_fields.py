"""How often a document says the same side by side: validation compares each such pair, so they are counted first."""

from collections.abc import Iterator, Mapping, Sequence

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)


def merges(operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]) -> int:
    """Pairs of fields with the same response name, and pairs of fragments, that stand side by side once all is merged.

    Visits each selection of the expanded operation once: look at `Tally.selections` first.
    """
    pairs = 0
    waiting: list[Sequence[SelectionSetNode]] = [[operation.selection_set]]
    while waiting:
        spreads = 0
        fields: dict[str, list[FieldNode]] = {}
        for node in side_by_side(waiting.pop(), fragments):
            if isinstance(node, FieldNode):
                fields.setdefault((node.alias or node.name).value, []).append(node)
            else:
                spreads += 1
        pairs += spreads * (spreads - 1) // 2
        for same in fields.values():
            pairs += len(same) * (len(same) - 1) // 2
            if inner := [node.selection_set for node in same if node.selection_set]:
                waiting.append(inner)
    return pairs


def side_by_side(
    selections: Sequence[SelectionSetNode], fragments: Mapping[str, FragmentDefinitionNode]
) -> Iterator[FieldNode | FragmentSpreadNode]:
    """The fields of selection sets that are merged, those of their fragments too, and the spreads of these."""
    waiting = list(selections)
    while waiting:
        for node in waiting.pop().selections:
            match node:
                case FieldNode():
                    yield node
                case InlineFragmentNode():
                    waiting.append(node.selection_set)
                case FragmentSpreadNode():
                    yield node
                    waiting.append(fragments[node.name.value].selection_set)
