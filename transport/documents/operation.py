"""The operations of a valid document, and what each may still ask too much of with the variables it comes with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import DocumentNode, GraphQLInputType, OperationType

from transport.documents.cost import CostExpression
from transport.documents.list_inputs import ListFields, count_items
from transport.errors import Code, RequestError, check_limit, make_error
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
    cost: CostExpression
    defaults: Mapping[str, Any]
    """Of its variables, where its cost depends on variables."""
    list_variables: Mapping[str, GraphQLInputType]
    """Its variables that are lists or have lists in them, with their types."""
    list_fields: ListFields
    limits: Limits
    may_defer: bool
    """Whether the document may have @defer."""
    root_argument_variables: Mapping[str, frozenset[str]]
    """Of a subscription: variables that stand nowhere but as arguments of the root field, and these arguments."""

    def check_variables(self, variables: Mapping[str, Any]) -> None:
        """Refuse the operation if with these variables it asks for too much."""
        cost = 0
        for name, type_ in self.list_variables.items():
            if (value := variables.get(name)) is not None:
                cost += count_items(value, type_, self.list_fields, self.limits)
        if cost or self.cost.terms:
            cost += self.cost.evaluate({**self.defaults, **variables})
            check_limit("cost", cost, self.limits.cost)


class PreparedDocument:
    """The operations of a valid document."""

    def __init__(self, operations: list[Operation]) -> None:
        self._operations = {operation.name: operation for operation in operations}
        self._single = operations[0] if len(operations) == 1 else None
        self.operation_names = [operation.name for operation in operations]
        """Of its operations; one may have none."""

    def select_operation(self, name: str | None) -> Operation:
        """The operation to run: the named one, or without a name the only one."""
        if name is None:
            if self._single is None:
                raise unknown_operation("The document has several operations: operationName must say which one to run.")
            return self._single
        if (found := self._operations.get(name)) is None:
            raise unknown_operation("The document has no operation of the name that operationName gives.")
        return found


def unknown_operation(message: str) -> RequestError:
    """There is no saying which operation to run."""
    return RequestError([make_error(Code.OPERATION_RESOLUTION_FAILURE, message)], well_formed=True)
