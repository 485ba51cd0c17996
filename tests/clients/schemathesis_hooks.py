"""Hooks for schemathesis, which imports this module by name: strategies for scalars, and valid page arguments."""

from base64 import b64encode
from dataclasses import replace
from typing import Any

import schemathesis
from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    IntValueNode,
    NameNode,
    NullValueNode,
    ObjectFieldNode,
    ObjectValueNode,
    StringValueNode,
    Visitor,
    visit,
)
from hypothesis import strategies as st
from schemathesis.graphql import nodes


def object_literal(members: dict[str, str]) -> ObjectValueNode:
    """An object as a literal."""
    fields = [ObjectFieldNode(name=NameNode(value=name), value=nodes.String(text)) for name, text in members.items()]
    return ObjectValueNode(fields=tuple(fields))


NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,9}", fullmatch=True)

schemathesis.graphql.scalar("Base64", st.binary().map(lambda raw: nodes.String(b64encode(raw).decode())))
schemathesis.graphql.scalar("Upload", st.just(NullValueNode()))  # files come otherwise
schemathesis.graphql.scalar("JSON", st.dictionaries(NAMES, st.text(max_size=20), max_size=3).map(object_literal))


PAGING_ARGUMENTS = {
    "first": IntValueNode,
    "last": IntValueNode,
    "offset": IntValueNode,
    "after": StringValueNode,
    "before": StringValueNode,
}


def has_wrong_type(argument: ArgumentNode) -> bool:
    """Whether an argument of a page has a value of the wrong type, as a test that it is refused."""
    expected, value = PAGING_ARGUMENTS[argument.name.value], argument.value
    if isinstance(value, IntValueNode) and not -(2**31) <= int(value.value) < 2**31:
        return True
    return not isinstance(value, expected | NullValueNode)


class ForwardPaging(Visitor):
    """Asks for the beginning of each list: all ways of paging at once, as generated, are refused."""

    def leave_field(self, node: FieldNode, *_: Any) -> FieldNode:
        """The field with `first` alone, of a size that is allowed."""
        arguments = node.arguments or ()
        paging = [argument for argument in arguments if argument.name.value in PAGING_ARGUMENTS]
        if not paging or any(map(has_wrong_type, paging)):
            return node
        others = [argument for argument in arguments if argument not in paging]
        first = ArgumentNode(name=NameNode(value="first"), value=nodes.Int(10))
        return replace(node, arguments=(*others, first))


@schemathesis.hook
def map_body(_context: schemathesis.HookContext, body: DocumentNode) -> DocumentNode:
    """The document that is sent in the place of a generated one."""
    changed: DocumentNode = visit(body, ForwardPaging())
    return changed
