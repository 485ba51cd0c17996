"""The operations of a valid document, and what each may still ask too much of with the variables it comes with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import DocumentNode, GraphQLInputType, OperationType

from transport.documents.cost import Sum
from transport.documents.list_inputs import Holders, count_items
from transport.errors import Code, Refusal, plain, require
from transport.settings import Limits


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a valid document, ready to run."""

    document: DocumentNode
    text: str
    name: str | None
    type: OperationType
    introspects: bool
    """Whether it asks for the schema itself."""
    cost: Sum
    defaults: Mapping[str, Any]
    """Of its variables, where its cost depends on variables."""
    lists: Mapping[str, GraphQLInputType]
    """Its variables that are lists or have lists in them, with their types."""
    holders: Holders
    limits: Limits
    defers: bool
    """Whether the document may have @defer."""
    only_of_root: Mapping[str, frozenset[str]]
    """Of a subscription: variables that stand nowhere but as arguments of the root field, and these arguments."""

    def admit(self, variables: Mapping[str, Any]) -> None:
        """Refuse the operation if with these variables it asks for too much."""
        cost = 0
        for name, type_ in self.lists.items():
            if (value := variables.get(name)) is not None:
                cost += count_items(value, type_, self.holders, self.limits)
        if cost or self.cost.terms:
            cost += self.cost.value({**self.defaults, **variables})
            require("cost", cost, self.limits.cost)


class Document:
    """The operations of a valid document."""

    def __init__(self, operations: list[Operation]) -> None:
        self._operations = {operation.name: operation for operation in operations}
        self._only = operations[0] if len(operations) == 1 else None
        self.names = [operation.name for operation in operations]
        """Of its operations; one may have none."""

    def operation(self, name: str | None) -> Operation:
        """The operation to run: the named one, or without a name the only one."""
        if name is None:
            if self._only is None:
                raise unresolved("The document has several operations: operationName must say which one to run.")
            return self._only
        if (found := self._operations.get(name)) is None:
            raise unresolved("The document has no operation of the name that operationName gives.")
        return found


def unresolved(message: str) -> Refusal:
    """There is no saying which operation to run."""
    return Refusal([plain(Code.OPERATION_RESOLUTION_FAILURE, message)], well_formed=True)
