"""Documents: parsed, counted and validated once per text, then remembered.

The order is what protects the server: each step is linear in what the step before has let through. First the length
and the tokens; then the rules that make fragments a finite tree; then counting (`transport.counting`), which needs
that; and only then the rules of GraphQL's validation that are not linear.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    TokenKind,
    ValuesOfCorrectTypeRule,
    parse,
    specified_rules,
    validate,
    value_from_ast_untyped,
)
from graphql.validation import (
    ASTValidationRule,
    ExecutableDefinitionsRule,
    KnownFragmentNamesRule,
    NoFragmentCyclesRule,
    NoUnusedFragmentsRule,
    UniqueFragmentNamesRule,
)
from graphql.validation.validate import ValidationAbortedError

from transport.cache import RecentlyUsed
from transport.cost import Sum
from transport.counting import Counter, Tally, merges
from transport.errors import Code, Refusal, bad_input, formatted, plain, too_complex
from transport.settings import Limits, TransportSettings


class ValueRule(ValuesOfCorrectTypeRule):
    """A literal of the wrong type is bad input, like the same value in a variable."""

    def report_error(self, error: GraphQLError) -> None:
        """Report the error with its code."""
        error.extensions = {"code": Code.BAD_USER_INPUT}
        super().report_error(error)


TREE_RULES: tuple[type[ASTValidationRule], ...] = (
    ExecutableDefinitionsRule,
    UniqueFragmentNamesRule,
    KnownFragmentNamesRule,
    NoUnusedFragmentsRule,
    NoFragmentCyclesRule,
)
"""Linear rules. A document that passes them can be written out without fragments."""

OTHER_RULES: tuple[type[ASTValidationRule], ...] = tuple(
    ValueRule if rule is ValuesOfCorrectTypeRule else rule for rule in specified_rules if rule not in TREE_RULES
)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a valid document, ready to run."""

    document: DocumentNode
    name: str | None
    type: OperationType
    introspects: bool
    """Whether it asks for the schema itself."""
    cost: Sum
    defaults: Mapping[str, Any]
    """Of its variables, where its cost depends on variables."""
    list_variables: frozenset[str]
    limits: Limits

    def admit(self, variables: Mapping[str, Any]) -> None:
        """Refuse the operation if with these variables it asks for too much."""
        for name in self.list_variables:
            value = variables.get(name)
            if isinstance(value, list):
                require("list size", len(value), self.limits.list_size)
        if self.cost.terms:
            require("cost", self.cost.value({**self.defaults, **variables}), self.limits.cost)


class Document:
    """The operations of a valid document."""

    def __init__(self, operations: list[Operation]) -> None:
        self._operations = {operation.name: operation for operation in operations}
        self._only = operations[0] if len(operations) == 1 else None

    def operation(self, name: str | None) -> Operation:
        """The operation to run: the named one, or without a name the only one."""
        if name is None:
            if self._only is None:
                raise unresolved("The document has several operations: operationName must say which one to run.")
            return self._only
        if (found := self._operations.get(name)) is None:
            raise unresolved("The document has no operation of the name that operationName gives.")
        return found


class Documents:
    """All documents that clients sent lately. Both the good and the refused are kept, apart: a flood of bad ones
    costs nothing twice, and does not push out the good."""

    def __init__(self, schema: GraphQLSchema, settings: TransportSettings) -> None:
        self._schema = schema
        self._limits = settings.limits
        self._hide_suggestions = not settings.suggestions
        count, weight = settings.limits.cached_documents, settings.limits.cached_tokens
        self._good = RecentlyUsed[Document](count=count, weight=weight)
        # Of a refused document its text is kept and its errors: four characters stand for a token.
        self._refused = RecentlyUsed[Refusal](count=count, weight=weight * 4)

    def get(self, text: str) -> Document:
        """The document with this text.

        Raises Refusal: GRAPHQL_PARSE_FAILED, GRAPHQL_VALIDATION_FAILED, BAD_USER_INPUT or QUERY_TOO_COMPLEX.
        """
        if (known := self._good.get(text)) is not None:
            return known
        if (refused := self._refused.get(text)) is not None:
            raise again(refused)
        try:
            tokens, document = self._prepare(text)
        except Refusal as refusal:
            self._refused.put(text, again(refusal), len(text) + 1_000)
            raise
        self._good.put(text, document, tokens)
        return document

    def _prepare(self, text: str) -> tuple[int, Document]:
        document = parsed(text, self._limits)
        self._validate(document, TREE_RULES)
        operations = counted(self._schema, document, self._limits)
        self._validate(document, OTHER_RULES)
        return document.token_count, Document(operations)

    def _validate(self, document: DocumentNode, rules: tuple[type[ASTValidationRule], ...]) -> None:
        errors = validate(
            self._schema,
            document,
            rules,
            max_errors=self._limits.errors,
            hide_suggestions=self._hide_suggestions,
        )
        if any(isinstance(error, ValidationAbortedError) and "Too many" not in error.message for error in errors):
            # The other reason to give up is nesting, through fragments or in literals.
            raise too_complex("nesting", 200)
        if errors:
            raise Refusal((validation_error(error) for error in errors), well_formed=True, status=400)


def parsed(text: str, limits: Limits) -> DocumentNode:
    """The document, if it is one and not too long."""
    if len(text) > limits.characters:
        raise too_complex("characters", limits.characters, len(text))
    if "\0" in text:
        raise bad_input("The document contains a NUL character.")
    try:
        document = parse(text, max_lexical_tokens=limits.tokens, max_comments=limits.tokens)
    except GraphQLSyntaxError as error:
        raise syntax_refusal(error, limits) from None
    if "\\u" in text and writes_nul(document):
        raise bad_input("A string in the document contains a NUL character.")
    return document


def syntax_refusal(error: GraphQLSyntaxError, limits: Limits) -> Refusal:
    """Why a text is no document. The parser gives its limits no type of their own, only words."""
    if "Document contains more than" in error.message:
        return too_complex("tokens", limits.tokens)
    if "nested too deeply" in error.message:
        return too_complex("nesting", 200)
    # An escape that stands for half a character is a bad value, not a mistake in the language.
    is_value = "Invalid Unicode escape sequence" in error.message
    code = Code.BAD_USER_INPUT if is_value else Code.GRAPHQL_PARSE_FAILED
    return Refusal([formatted(error, code)], well_formed=True)


def writes_nul(document: DocumentNode) -> bool:
    """Whether a string of the document has an escaped NUL, which some databases cannot store."""
    token = document.loc.start_token if document.loc else None
    while token is not None:
        if token.kind in (TokenKind.STRING, TokenKind.BLOCK_STRING) and "\0" in (token.value or ""):
            return True
        token = token.next
    return False


def counted(schema: GraphQLSchema, document: DocumentNode, limits: Limits) -> list[Operation]:
    """The operations of a document, none of which asks for too much whatever its variables are."""
    nodes = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    fragments = {n.name.value: n for n in document.definitions if isinstance(n, FragmentDefinitionNode)}
    require("operations", len(nodes), limits.operations)
    counter = Counter(schema, document, limits)
    tallies = [counter.operation(node) for node in nodes]
    require("list size", counter.longest_list, limits.list_size)
    require("selections", sum(tally.selections for tally in tallies), limits.selections)
    for tally in tallies:
        check(tally, limits)
    require("merges", sum(merges(node, fragments) for node in nodes), limits.merges)
    lists = frozenset(counter.list_variables)
    return [operation(document, node, tally, lists, limits) for node, tally in zip(nodes, tallies, strict=True)]


def check(tally: Tally, limits: Limits) -> None:
    """Refuse an operation that is over a limit."""
    require("root fields", tally.fields, limits.root_fields)
    require("aliases", tally.aliases, limits.aliases)
    require("directives", tally.directives, limits.directives)
    require("depth", tally.depth, limits.depth)
    require("depth of introspection", tally.introspection, limits.introspection_depth)
    # Without variables this is the whole cost, with variables a part.
    require("cost", tally.cost.number, limits.cost)


def operation(
    document: DocumentNode, node: OperationDefinitionNode, tally: Tally, lists: frozenset[str], limits: Limits
) -> Operation:
    """An operation with all that a request needs to know of it."""
    variables = {variable.variable.name.value: variable.default_value for variable in node.variable_definitions or ()}
    return Operation(
        document=document,
        name=node.name.value if node.name else None,
        type=node.operation,
        introspects=tally.introspection > 0,
        cost=tally.cost,
        defaults={
            name: value_from_ast_untyped(value)
            for name, value in variables.items()
            if value is not None and tally.cost.terms
        },
        list_variables=lists & variables.keys(),
        limits=limits,
    )


def require(limit: str, number: int, maximum: int) -> None:
    """Refuse what is over a limit."""
    if number > maximum:
        raise too_complex(limit, maximum, number)


def unresolved(message: str) -> Refusal:
    """There is no saying which operation to run."""
    return Refusal([plain(Code.OPERATION_RESOLUTION_FAILURE, message)], well_formed=True)


def validation_error(error: GraphQLError) -> dict[str, Any]:
    """A validation error for a client."""
    return formatted(error, None if error.extensions else Code.GRAPHQL_VALIDATION_FAILED)


def again(refusal: Refusal) -> Refusal:
    """The same refusal without the frames it was raised through: they hold the whole document."""
    fresh = Refusal(refusal.errors, status=refusal.status)
    fresh.legacy_status, fresh.headers = refusal.legacy_status, refusal.headers
    return fresh
