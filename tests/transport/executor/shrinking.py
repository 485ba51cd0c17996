"""Smaller documents that are still valid, to show a difference by the smallest one."""

import sys
from collections.abc import Iterator
from typing import Any, Final

from graphql import (
    REMOVE,
    SKIP,
    ArgumentNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    GraphQLSyntaxError,
    InlineFragmentNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    parse,
    print_ast,
    validate,
    visit,
)

REMOVABLE: Final = (
    *(FragmentDefinitionNode, FieldNode, InlineFragmentNode, FragmentSpreadNode),
    *(DirectiveNode, ArgumentNode, VariableDefinitionNode),
)


class _RemoveOne(Visitor):
    def __init__(self, number: int) -> None:
        super().__init__()
        self.remaining = number
        self.has_removed = False

    def enter(self, node: Any, *_: Any) -> Any:
        if isinstance(node, REMOVABLE):
            self.remaining -= 1
            if self.remaining < 0:
                self.remaining, self.has_removed = sys.maxsize, True
                return REMOVE
        return None


class _Uses(Visitor):
    """Collects the fragments and variables that are used."""

    def __init__(self) -> None:
        super().__init__()
        self.fragments: set[str] = set()
        self.variables: set[str] = set()

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> None:
        self.fragments.add(node.name.value)

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        self.variables.add(node.name.value)

    def enter_variable_definition(self, *_: Any) -> Any:
        return SKIP


class _RemoveUnused(Visitor):
    def __init__(self, uses: _Uses) -> None:
        super().__init__()
        self._uses = uses

    def enter_fragment_definition(self, node: FragmentDefinitionNode, *_: Any) -> Any:
        return None if node.name.value in self._uses.fragments else REMOVE

    def enter_variable_definition(self, node: VariableDefinitionNode, *_: Any) -> Any:
        return None if node.variable.name.value in self._uses.variables else REMOVE


def smaller_texts(text: str) -> Iterator[str]:
    """Iterate over documents without one of the nodes and what only it used; some are not valid."""
    document = parse(text)
    number = 0
    while True:
        remover = _RemoveOne(number)
        changed = visit(document, remover)
        if not remover.has_removed:
            return
        yield print_ast(_without_unused(changed))
        number += 1


def _without_unused(document: DocumentNode) -> DocumentNode:
    while True:
        uses = _Uses()
        visit(document, uses)
        reduced: DocumentNode = visit(document, _RemoveUnused(uses))
        if len(reduced.definitions) == len(document.definitions):
            return reduced
        document = reduced


def is_valid(schema: GraphQLSchema, text: str) -> bool:
    try:
        document = parse(text, allow_empty_selection_sets=False)
    except GraphQLSyntaxError:  # nothing is selected any more
        return False
    return not validate(schema, document, max_errors=1)
