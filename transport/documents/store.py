"""Documents: parsed, checked against limits and validated once per text, then cached.

The order of the steps protects the server: each is linear in what the step before has let through. First length and
tokens; then the rules that make fragments a finite tree; then limits (`documents.complexity`), which need that; then
the validation rules that are not linear.
"""

from collections.abc import Callable
from typing import Final, TypeVar

from cachetools import LRUCache
from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    ValuesOfCorrectTypeRule,
    is_input_type,
    specified_rules,
    type_from_ast,
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

from transport.documents.complexity import Complexity, ComplexityAnalyzer
from transport.documents.input_errors import HIDDEN_MESSAGE, LiteralValuesRule
from transport.documents.operation import Operation, PreparedDocument, contains_list, find_list_fields
from transport.documents.overlapping_fields import count_overlaps
from transport.documents.parse import parse_document
from transport.documents.resume_variables import root_argument_variables
from transport.errors import Code, FormattedError, RequestError, check_limit, format_error, too_complex
from transport.executor import LineBudget, OperationPlans
from transport.settings import Limits, TransportSettings

Value = TypeVar("Value")

CHARACTERS_PER_COST: Final = 5
MAX_COMPILATION_COST: Final = 4_000
"""A unit of an operation's cost takes about 10 µs, and so do 5 characters of a new document, up to the limit of
tokens."""


FRAGMENT_RULES: Final[tuple[type[ASTValidationRule], ...]] = (
    ExecutableDefinitionsRule,
    UniqueFragmentNamesRule,
    KnownFragmentNamesRule,
    NoUnusedFragmentsRule,
    NoFragmentCyclesRule,
)
"""Linear rules. The fragments of a document that passes them can be expanded."""

REMAINING_RULES: Final[tuple[type[ASTValidationRule], ...]] = tuple(
    LiteralValuesRule if rule is ValuesOfCorrectTypeRule else rule
    for rule in specified_rules
    if rule not in FRAGMENT_RULES
)


class WeightedCache(LRUCache[str, Value]):
    """The least recently used values by text, bounded in number and in weight. A value over the weight is not kept."""

    def __init__(self, count: int, weight: int, weigh: Callable[[Value], int]) -> None:
        super().__init__(weight, weigh)
        self._count = count

    def __setitem__(self, key: str, value: Value) -> None:
        if self.getsizeof(value) <= self.maxsize:
            if key not in self and len(self) >= self._count:
                self.popitem()
            super().__setitem__(key, value)


class DocumentStore:
    """Cache of prepared documents, and of refused ones with their errors.

    The two are kept apart, so that a flood of bad documents neither costs anything twice nor evicts good ones.
    """

    def __init__(self, schema: GraphQLSchema, settings: TransportSettings) -> None:
        self._schema = schema
        self._list_fields = find_list_fields(schema)
        self._limits = settings.limits
        self._hide_schema = settings.production
        self._lines = LineBudget()
        count, tokens = settings.limits.cached_documents, settings.limits.cached_tokens
        self._valid = WeightedCache[PreparedDocument](count, tokens, lambda document: document.tokens)
        # Four characters weigh as much as a token; an error, about a thousand characters.
        self._invalid = WeightedCache[tuple[int, RequestError]](count, 4 * tokens, lambda refused: refused[0] + 1_000)

    def compilation_cost(self, text: str | None) -> int:
        """Return the cost of parsing and validating a document, in the units of an operation's; 0 if it is cached."""
        is_cached = text is None or text in self._valid or text in self._invalid
        return 0 if is_cached else min(len(text or "") // CHARACTERS_PER_COST, MAX_COMPILATION_COST)

    def get(self, text: str) -> PreparedDocument:
        """Return the document with this text.

        Raises RequestError: GRAPHQL_PARSE_FAILED, GRAPHQL_VALIDATION_FAILED, BAD_USER_INPUT or QUERY_TOO_COMPLEX.
        """
        if (document := self._valid.get(text)) is not None:
            return document
        if (refused := self._invalid.get(text)) is not None:
            raise without_traceback(refused[1])
        try:
            document = self._valid[text] = self._compile(text)
        except RequestError as error:
            self._invalid[text] = (len(text), without_traceback(error))
            raise
        return document

    def _compile(self, text: str) -> PreparedDocument:
        document = parse_document(text, self._limits)
        self._validate(document, FRAGMENT_RULES)
        operations = check_limits(self._schema, document, self._limits)
        self._validate(document, REMAINING_RULES)
        prepared = [self._build_operation(text, document, *counts) for counts in operations]
        return PreparedDocument(prepared, document.token_count)

    def _build_operation(
        self, text: str, document: DocumentNode, node: OperationDefinitionNode, complexity: Complexity
    ) -> Operation:
        variables = node.variable_definitions or ()
        variable_types = {item.variable.name.value: type_from_ast(self._schema, item.type) for item in variables}
        defaults = {item.variable.name.value: item.default_value for item in variables if item.default_value}
        has_variable_cost = bool(complexity.cost.terms)
        return Operation(
            document=document,
            node=node,
            text=text,
            name=node.name.value if node.name else None,
            type=node.operation,
            type_name=node.operation.value,
            introspects=complexity.introspection_depth > 0,
            shareable=node.operation is OperationType.QUERY and complexity.shareable is True,
            cost=complexity.cost,
            defaults={name: value_from_ast_untyped(value) for name, value in defaults.items() if has_variable_cost},
            list_variables={
                name: type_
                for name, type_ in variable_types.items()
                if is_input_type(type_) and contains_list(type_, self._list_fields)
            },
            list_fields=self._list_fields,
            limits=self._limits,
            # A superset: the incremental executor also runs documents without @defer.
            may_defer="defer" in text,
            root_argument_variables=root_argument_variables(document, node)
            if node.operation is OperationType.SUBSCRIPTION
            else {},
            plans=OperationPlans(self._lines),
        )

    def _validate(self, document: DocumentNode, rules: tuple[type[ASTValidationRule], ...]) -> None:
        errors = validate(
            self._schema, document, rules, max_errors=self._limits.errors, hide_suggestions=self._hide_schema
        )
        if any(isinstance(error, ValidationAbortedError) and "Too many" not in error.message for error in errors):
            # graphql-core's other reason to abort is nesting, through fragments or in literals.
            raise too_complex("nesting", 200)
        if errors:
            if self._hide_schema and rules is REMAINING_RULES:  # the others do not look at the schema
                raise RequestError([hide_schema(errors[0])], well_formed=True, status=400)
            codes = (None if error.extensions else Code.GRAPHQL_VALIDATION_FAILED for error in errors)
            raise RequestError(map(format_error, errors, codes), well_formed=True, status=400)


def hide_schema(error: GraphQLError) -> FormattedError:
    """Format the first validation error so that it says where it is, and not what the schema has there."""
    if error.extensions:  # of an input value: it has no names of the schema
        return format_error(error)
    return format_error(error, Code.GRAPHQL_VALIDATION_FAILED) | {"message": HIDDEN_MESSAGE}


def check_limits(
    schema: GraphQLSchema, document: DocumentNode, limits: Limits
) -> list[tuple[OperationDefinitionNode, Complexity]]:
    """Return the operations of a document with their complexity, none of which exceeds a limit without variables."""
    nodes = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    fragments = {n.name.value: n for n in document.definitions if isinstance(n, FragmentDefinitionNode)}
    check_limit("operations", len(nodes), limits.operations)
    analyzer = ComplexityAnalyzer(schema, document, limits)
    complexities = [analyzer.analyze(node) for node in nodes]
    check_limit("list size", analyzer.longest_list, limits.list_size)
    check_limit("selections", sum(complexity.selections for complexity in complexities), limits.selections)
    for complexity in complexities:
        check_operation_limits(complexity, limits)
    # Last: it visits each selection of the expanded document.
    check_limit("merges", sum(count_overlaps(node, fragments) for node in nodes), limits.merges)
    return list(zip(nodes, complexities, strict=True))


def check_operation_limits(complexity: Complexity, limits: Limits) -> None:
    check_limit("root fields", complexity.fields, limits.root_fields)
    check_limit("aliases", complexity.aliases, limits.aliases)
    check_limit("directives", complexity.directives, limits.directives)
    check_limit("depth", complexity.depth, limits.depth)
    check_limit("depth of introspection", complexity.introspection_depth, limits.introspection_depth)
    # Without variables this is the whole cost, with variables a part.
    check_limit("cost", complexity.cost.constant, limits.cost)


def without_traceback(error: RequestError) -> RequestError:
    """Copy an error without its traceback, whose frames hold the whole document."""
    copy = RequestError(error.errors, status=error.status)
    copy.legacy_status, copy.headers = error.legacy_status, error.headers
    return copy
