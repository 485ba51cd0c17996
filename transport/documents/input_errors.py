"""Errors of input values, in variables and in literals alike: each with its path, in the caller's words.

A path begins with the name of the argument, whatever the variable is called. graphql-core finds the same errors; its
messages print values as Python does, and its paths begin at the variable.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from math import isinf
from typing import Any, Final, NamedTuple, TypeAlias

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    FloatValueNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLFloat,
    GraphQLInputObjectType,
    GraphQLSchema,
    IntValueNode,
    ListValueNode,
    Node,
    NullValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    StringValueNode,
    Undefined,
    ValueNode,
    ValuesOfCorrectTypeRule,
    VariableDefinitionNode,
    VariableNode,
    is_enum_type,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
    is_required_input_field,
    print_ast,
    type_from_ast,
)
from graphql.language import SKIP, VisitorAction
from graphql.pyutils import did_you_mean, suggestion_list
from graphql.utilities import validate_input_literal, validate_input_value

from transport.documents.operation import Operation
from transport.errors import Code, RequestError, format_error
from transport.settings import TransportSettings

InputPath: TypeAlias = tuple[str, ...]
"""Names of an argument and of input fields, and indexes of list items."""

HIDDEN_MESSAGE: Final = "The operation does not fit the schema here."
"""In the place of messages with names of the schema, in production mode."""

MAX_QUOTED: Final = 60
"""Characters of a value or name in a message or path."""

SCALAR_MESSAGES: Final[Mapping[str, str]] = {
    "Int": "must be a whole number from -2147483648 to 2147483647",
    "Float": "must be a number",
    "String": "must be a string",
    "Boolean": "must be true or false",
    "ID": "must be a string or a whole number",
}


class InputError(NamedTuple):
    path: InputPath
    message: str
    node: Node | None = None
    """Where in the document, for a literal."""

    def to_graphql_error(self, node: Node | None = None) -> GraphQLError:
        path = [shorten(part) for part in self.path]
        extensions = {"code": Code.BAD_USER_INPUT, "inputPath": path}
        return GraphQLError(f"{'.'.join(path)}: {self.message}", self.node or node, extensions=extensions)


class LiteralValuesRule(ValuesOfCorrectTypeRule):
    """Reports literals of the wrong type; the default of a variable where the variable is first used."""

    _operation: OperationDefinitionNode
    _owner: ArgumentNode | VariableDefinitionNode

    def enter_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> None:
        self._operation = node

    def enter_argument(self, node: ArgumentNode, *_: Any) -> None:
        self._owner = node

    def enter_variable_definition(self, node: VariableDefinitionNode, *_: Any) -> None:
        self._owner = node

    def is_valid_value_node(self, node: ValueNode, input_type: Any) -> VisitorAction:
        if input_type:
            finder = _LiteralErrors(self.context.hide_suggestions)
            for error in finder.find(node, input_type, ()):
                self.report_error(error._replace(path=self._owner_path() + error.path).to_graphql_error())
        return SKIP

    def _owner_path(self) -> InputPath:
        if isinstance(self._owner, ArgumentNode):
            return (self._owner.name.value,)
        name = self._owner.variable.name.value
        return first_uses(self.context.document, self._operation).get(name, (name,))


def variables_error(
    schema: GraphQLSchema,
    operation: Operation,
    variables: Mapping[str, Any],
    core_errors: Iterable[GraphQLError],
    settings: TransportSettings,
) -> RequestError:
    """Create the error of all variables, at most `limits.errors` and one that says that there are more.

    A variable that is used several times is reported where it is used first; see `first_uses`. `core_errors` are those
    of graphql-core: all that is left where values are nested too deeply to be searched.
    """
    paths, limit = first_uses(operation.document, operation.node), settings.limits.errors
    finder = _VariableErrors(settings.production)
    errors = (
        error.to_graphql_error(definition)
        for definition in operation.node.variable_definitions or ()
        for error in finder.find_in_variable(schema, definition, variables, paths)
    )
    try:
        found = list(islice(errors, limit + 1))
    except RecursionError:
        found = []
    if len(found) > limit:
        message = f"There are more errors in the variables; these are the first {limit}."
        found[-1] = GraphQLError(message, extensions={"code": Code.BAD_USER_INPUT})
    if not found:
        for error in core_errors:
            message = HIDDEN_MESSAGE if settings.production else error.message
            found.append(GraphQLError(message, error.nodes, extensions={"code": Code.BAD_USER_INPUT}))
    return RequestError(map(format_error, found), well_formed=True, status=400)


class _InputErrors(ABC):
    """Finds the errors of a value, by its declared type. Subclasses know the form of values: JSON or syntax nodes."""

    def __init__(self, hide_schema: bool) -> None:
        self._hide_schema = hide_schema
        """Whether errors name only what the client has sent."""

    def find(self, value: Any, type_: Any, path: InputPath) -> Iterator[InputError]:
        if self.is_unknown(value):
            return
        if self.is_null(value):
            if is_non_null_type(type_):
                yield self.error(value, path, "must not be null")
        else:
            yield from self._find_in_value(value, type_.of_type if is_non_null_type(type_) else type_, path)

    def _find_in_value(self, value: Any, type_: Any, path: InputPath) -> Iterator[InputError]:
        if is_list_type(type_):
            items = self.items(value)
            if items is None:  # GraphQL coerces a single value to a list of one
                yield from self.find(value, type_.of_type, path)
            for index, item in enumerate(items or ()):
                yield from self.find(item, type_.of_type, (*path, str(index)))
        elif is_input_object_type(type_):
            yield from self._find_in_object(value, type_, path)
        elif (message := self.leaf_message(value, type_)) is not None:
            yield self.error(value, path, message)

    def _find_in_object(self, value: Any, type_: GraphQLInputObjectType, path: InputPath) -> Iterator[InputError]:
        fields = self.fields(value)
        if fields is None:
            yield self.error(value, path, f"must be an object, not {self.quote(value)}")
            return
        missing = [n for n, field in type_.fields.items() if n not in fields and is_required_input_field(field)]
        for name, field in type_.fields.items():
            if name in fields:
                yield from self.find(fields[name], field.type, (*path, name))
            elif name in missing and not self._hide_schema:
                yield self.error(value, (*path, name), "must be given")
        if missing and self._hide_schema:
            yield self.error(value, path, "must have all required fields")
        for name in fields:
            if name not in type_.fields:
                yield self.error(value, (*path, name), self._unknown_field(name, type_))
        if type_.is_one_of and (given := self._wrong_choice(type_, fields)) is not None:
            choices = "field" if self._hide_schema else f"of {', '.join(type_.fields)}"
            yield self.error(value, path, f"exactly one {choices} must be set, not {given}")

    def _unknown_field(self, name: str, type_: GraphQLInputObjectType) -> str:
        if self._hide_schema:
            return "is not a field of this input"
        message, suggestion = f"is not a field of {type_.name}", did_you_mean(suggestion_list(name, list(type_.fields)))
        return f"{message}.{suggestion}" if suggestion else message

    def _wrong_choice(self, type_: GraphQLInputObjectType, fields: Mapping[str, Any]) -> str | None:
        """Return what is set of a @oneOf type; None if that is exactly one field."""
        names = [name for name in type_.fields if name in fields]
        if len(names) == 1:
            return "null" if self.is_null(fields[names[0]]) else None
        return " and ".join(names) or "none"

    def leaf_message(self, value: Any, type_: Any) -> str | None:
        """Return what is wrong with the value of a scalar or enum; None if it is valid."""
        errors: list[GraphQLError] = []
        self.validate_leaf(value, type_, errors)
        if not errors:
            return None
        if is_enum_type(type_):
            values = "a value of its enum" if self._hide_schema else f"one of {', '.join(type_.values)}"
            return f"must be {values}, not {self.quote(value)}"
        if type_.name in SCALAR_MESSAGES:
            return f"{SCALAR_MESSAGES[type_.name]}, not {self.quote(value)}"
        if errors[0].message.startswith("Expected value of type "):  # the scalar did not say what is wrong
            expected = "its type" if self._hide_schema else f"type {type_.name}"
            return f"must be a value of {expected}, not {self.quote(value)}"
        message = errors[0].message
        return f"{message}, not {self.quote(value)}" if message.startswith("must be ") else message

    def is_unknown(self, value: Any) -> bool:  # noqa: ARG002 - hook
        return False

    @abstractmethod
    def is_null(self, value: Any) -> bool: ...

    @abstractmethod
    def items(self, value: Any) -> list[Any] | None: ...

    @abstractmethod
    def fields(self, value: Any) -> Mapping[str, Any] | None: ...

    @abstractmethod
    def validate_leaf(self, value: Any, type_: Any, errors: list[GraphQLError]) -> None: ...

    @abstractmethod
    def quote(self, value: Any) -> str: ...

    @abstractmethod
    def error(self, value: Any, path: InputPath, message: str) -> InputError: ...


class _VariableErrors(_InputErrors):
    """Values of variables, as JSON."""

    def find_in_variable(
        self,
        schema: GraphQLSchema,
        definition: VariableDefinitionNode,
        variables: Mapping[str, Any],
        paths: Mapping[str, InputPath],
    ) -> Iterator[InputError]:
        name, type_ = definition.variable.name.value, type_from_ast(schema, definition.type)
        path, value = paths.get(name, (name,)), variables.get(name, Undefined)
        if value is not Undefined:
            yield from self.find(value, type_, path)
        elif is_non_null_type(type_) and definition.default_value is None:
            yield InputError(path, "must be given")

    def is_null(self, value: Any) -> bool:
        return value is None

    def items(self, value: Any) -> list[Any] | None:
        return value if isinstance(value, list) else None

    def fields(self, value: Any) -> Mapping[str, Any] | None:
        return value if isinstance(value, dict) else None

    def validate_leaf(self, value: Any, type_: Any, errors: list[GraphQLError]) -> None:
        validate_input_value(value, type_, lambda error, _path: errors.append(error), hide_suggestions=True)

    def quote(self, value: Any) -> str:
        return quote_json(value)

    def error(self, value: Any, path: InputPath, message: str) -> InputError:  # noqa: ARG002 - hook
        return InputError(path, message)


class _LiteralErrors(_InputErrors):
    """Values in the document, as syntax nodes. What a variable inside one holds is not known yet."""

    def is_unknown(self, value: ValueNode) -> bool:
        return isinstance(value, VariableNode)

    def is_null(self, value: ValueNode) -> bool:
        return isinstance(value, NullValueNode)

    def items(self, value: ValueNode) -> list[Any] | None:
        return list(value.values) if isinstance(value, ListValueNode) else None

    def fields(self, value: ValueNode) -> Mapping[str, Any] | None:
        if not isinstance(value, ObjectValueNode):
            return None
        return {field.name.value: field.value for field in value.fields}

    def validate_leaf(self, value: ValueNode, type_: Any, errors: list[GraphQLError]) -> None:
        validate_input_literal(value, type_, lambda error, _path: errors.append(error), hide_suggestions=True)
        # graphql-core reads 1e999 as infinity, which JSON cannot hold.
        if type_ is GraphQLFloat and isinstance(value, IntValueNode | FloatValueNode) and isinf(float(value.value)):
            errors.append(GraphQLError(""))

    def quote(self, value: ValueNode) -> str:
        if isinstance(value, StringValueNode):
            return quote_json(value.value)
        if isinstance(value, ListValueNode | ObjectValueNode):
            return "a list" if isinstance(value, ListValueNode) else "an object"
        return shorten(print_ast(value))

    def error(self, value: ValueNode, path: InputPath, message: str) -> InputError:
        return InputError(path, message, value)


def first_uses(document: DocumentNode, operation: OperationDefinitionNode) -> Mapping[str, InputPath]:
    """Return where each variable of an operation is used first: from the argument to its place in the value.

    Order: as the operation reads, each fragment in the place of its first spread; a field's arguments, then its
    directives, then its selections.
    """
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    uses: dict[str, InputPath] = {}
    for name, path in _uses_in_selections(operation, fragments, set()):
        uses.setdefault(name, path)
    return uses


def _uses_in_selections(
    node: Any, fragments: Mapping[str, FragmentDefinitionNode], visited: set[str]
) -> Iterator[tuple[str, InputPath]]:
    """Yield the uses of variables in an operation, fragment or selection, with those below it."""
    for argument in node.arguments or () if isinstance(node, FieldNode) else ():
        yield from _uses_in_value(argument.value, (argument.name.value,))
    for directive in node.directives or ():
        for argument in directive.arguments or ():
            yield from _uses_in_value(argument.value, (argument.name.value,))
    if isinstance(node, FragmentSpreadNode):
        if node.name.value not in visited:
            visited.add(node.name.value)
            yield from _uses_in_selections(fragments[node.name.value], fragments, visited)
    elif isinstance(node.selection_set, SelectionSetNode):
        for selection in node.selection_set.selections:
            yield from _uses_in_selections(selection, fragments, visited)


def _uses_in_value(value: ValueNode, path: InputPath) -> Iterator[tuple[str, InputPath]]:
    if isinstance(value, VariableNode):
        yield value.name.value, path
    elif isinstance(value, ListValueNode):
        for index, item in enumerate(value.values):
            yield from _uses_in_value(item, (*path, str(index)))
    elif isinstance(value, ObjectValueNode):
        for field in value.fields:
            yield from _uses_in_value(field.value, (*path, field.name.value))


def quote_json(value: Any) -> str:
    """Print a value for a message as its sender wrote it, in JSON; long text is cut, and what has parts is named."""
    if isinstance(value, str):
        return json.dumps(shorten(value), ensure_ascii=False)
    if value is None or isinstance(value, bool | int | float):
        return shorten(json.dumps(value))
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    return "a file"


def shorten(text: str) -> str:
    return text if len(text) <= MAX_QUOTED else f"{text[:MAX_QUOTED]}…"
