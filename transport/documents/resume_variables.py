"""Variables that only select where a subscription resumes."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from graphql import (
    DocumentNode,
    FieldNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    TokenKind,
    VariableNode,
)


def root_argument_variables(document: DocumentNode, operation: OperationDefinitionNode) -> Mapping[str, frozenset[str]]:
    """Return the variables that are used only as arguments of the root field, with the names of these arguments.

    A root field inside a named fragment is not considered: its subscribers share less, and that is all.
    """
    root_uses: Counter[str] = Counter()
    arguments = defaultdict(set)
    for field in root_fields(operation.selection_set):
        for argument in field.arguments or ():
            if isinstance(argument.value, VariableNode):
                name = argument.value.name.value
                root_uses[name] += 1
                arguments[name].add(argument.name.value)
    if not root_uses:
        return {}
    all_uses = count_variable_uses(document)
    return {name: frozenset(arguments[name]) for name, count in root_uses.items() if count == all_uses[name]}


def root_fields(selections: SelectionSetNode) -> Iterator[FieldNode]:
    for selection in selections.selections:
        if isinstance(selection, FieldNode):
            yield selection
        elif isinstance(selection, InlineFragmentNode):
            yield from root_fields(selection.selection_set)


def count_variable_uses(document: DocumentNode) -> Counter[str]:
    """Count the uses of each variable. Only a declaration is followed by a colon."""
    assert document.loc is not None, "documents are parsed with their tokens"
    counts: Counter[str] = Counter()
    token = document.loc.start_token
    while token.next is not None:
        following = token.next
        if token.kind is TokenKind.DOLLAR and following.next and following.next.kind is not TokenKind.COLON:
            counts[following.value or ""] += 1
        token = following
    return counts
