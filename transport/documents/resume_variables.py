"""Variables of a subscription that may do no more than say where it begins."""

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


def only_of_root(document: DocumentNode, operation: OperationDefinitionNode) -> Mapping[str, frozenset[str]]:
    """The variables that stand nowhere in the document but as arguments of the operation's root field, and the names
    of these arguments. A root field inside a named fragment does not count as such: that costs no more than sharing."""
    at_root: Counter[str] = Counter()
    arguments = defaultdict(set)
    for field in root_fields(operation.selection_set):
        for argument in field.arguments or ():
            if isinstance(argument.value, VariableNode):
                name = argument.value.name.value
                at_root[name] += 1
                arguments[name].add(argument.name.value)
    if not at_root:
        return {}
    everywhere = uses(document)
    return {name: frozenset(arguments[name]) for name, times in at_root.items() if times == everywhere[name]}


def root_fields(selections: SelectionSetNode) -> Iterator[FieldNode]:
    """The fields of a selection set itself."""
    for selection in selections.selections:
        if isinstance(selection, FieldNode):
            yield selection
        elif isinstance(selection, InlineFragmentNode):
            yield from root_fields(selection.selection_set)


def uses(document: DocumentNode) -> Counter[str]:
    """How often each variable is used. Where it is declared, a colon follows, and only there."""
    assert document.loc is not None, "documents are parsed with their tokens"
    found: Counter[str] = Counter()
    token = document.loc.start_token
    while token.next is not None:
        name = token.next
        if token.kind is TokenKind.DOLLAR and name.next is not None and name.next.kind is not TokenKind.COLON:
            found[name.value or ""] += 1
        token = name
    return found
