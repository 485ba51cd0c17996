"""Documents: parsed, counted and validated once per text, then remembered.

The order is what protects the server: each step is linear in what the step before has let through. First the length
and the tokens; then the rules that make fragments a finite tree; then `transport.documents.complexity`, which needs
that; and only then the rules of GraphQL's validation that are not linear.
"""

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
from transport.documents.list_inputs import contains_list, find_list_fields
from transport.documents.lru_cache import LRUCache
from transport.documents.operation import Operation, PreparedDocument
from transport.documents.overlapping_fields import count_overlaps
from transport.documents.parse import parse_document
from transport.documents.resume_variables import root_argument_variables
from transport.errors import Code, FormattedError, RequestError, check_limit, format_error, too_complex
from transport.settings import Limits, TransportSettings


class LiteralValuesRule(ValuesOfCorrectTypeRule):
    """A literal of the wrong type is bad input, like the same value in a variable."""

    def report_error(self, error: GraphQLError) -> None:
        """Report the error with its code."""
        error.extensions = {"code": Code.BAD_USER_INPUT}
        super().report_error(error)


FRAGMENT_RULES: tuple[type[ASTValidationRule], ...] = (
    ExecutableDefinitionsRule,
    UniqueFragmentNamesRule,
    KnownFragmentNamesRule,
    NoUnusedFragmentsRule,
    NoFragmentCyclesRule,
)
"""Linear rules. A document that passes them can be written out without fragments."""

REMAINING_RULES: tuple[type[ASTValidationRule], ...] = tuple(
    LiteralValuesRule if rule is ValuesOfCorrectTypeRule else rule
    for rule in specified_rules
    if rule not in FRAGMENT_RULES
)


class DocumentStore:
    """All documents that clients sent lately. Both the good and the refused are kept, apart: a flood of bad ones
    costs nothing twice, and does not push out the good."""

    def __init__(self, schema: GraphQLSchema, settings: TransportSettings) -> None:
        self._schema = schema
        self._list_fields = find_list_fields(schema)
        self._limits = settings.limits
        self._hide_suggestions = settings.production
        count, weight = settings.limits.cached_documents, settings.limits.cached_tokens
        self._valid = LRUCache[PreparedDocument](count=count, weight=weight)
        # Of a refused document its text is kept and its errors: four characters stand for a token.
        self._invalid = LRUCache[RequestError](count=count, weight=weight * 4)

    def get(self, text: str) -> PreparedDocument:
        """The document with this text.

        Raises Refusal: GRAPHQL_PARSE_FAILED, GRAPHQL_VALIDATION_FAILED, BAD_USER_INPUT or QUERY_TOO_COMPLEX.
        """
        if (cached := self._valid.get(text)) is not None:
            return cached
        if (cached_error := self._invalid.get(text)) is not None:
            raise without_traceback(cached_error)
        try:
            tokens, document = self._compile(text)
        except RequestError as refusal:
            self._invalid.put(text, without_traceback(refusal), len(text) + 1_000)
            raise
        self._valid.put(text, document, tokens)
        return document

    def _compile(self, text: str) -> tuple[int, PreparedDocument]:
        document = parse_document(text, self._limits)
        self._validate(document, FRAGMENT_RULES)
        operations = check_limits(self._schema, document, self._limits)
        self._validate(document, REMAINING_RULES)
        return document.token_count, PreparedDocument(
            [self._build_operation(text, document, *counts) for counts in operations]
        )

    def _build_operation(
        self, text: str, document: DocumentNode, node: OperationDefinitionNode, complexity: Complexity
    ) -> Operation:
        variables = node.variable_definitions or ()
        variable_types = {item.variable.name.value: type_from_ast(self._schema, item.type) for item in variables}
        defaults = {item.variable.name.value: item.default_value for item in variables if item.default_value}
        return Operation(
            document=document,
            text=text,
            name=node.name.value if node.name else None,
            type=node.operation,
            introspects=complexity.introspection_depth > 0,
            cost=complexity.cost,
            defaults={name: value_from_ast_untyped(value) for name, value in defaults.items() if complexity.cost.terms},
            list_variables={
                name: type_
                for name, type_ in variable_types.items()
                if is_input_type(type_) and contains_list(type_, self._list_fields)
            },
            list_fields=self._list_fields,
            limits=self._limits,
            # White space and comments may stand between the two: where it only seems so, nothing is lost.
            may_defer="defer" in text,
            root_argument_variables=root_argument_variables(document, node)
            if node.operation is OperationType.SUBSCRIPTION
            else {},
        )

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
            raise RequestError((format_validation_error(error) for error in errors), well_formed=True, status=400)


def check_limits(
    schema: GraphQLSchema, document: DocumentNode, limits: Limits
) -> list[tuple[OperationDefinitionNode, Complexity]]:
    """The operations of a document, none of which asks for too much whatever its variables are."""
    nodes = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    fragments = {n.name.value: n for n in document.definitions if isinstance(n, FragmentDefinitionNode)}
    check_limit("operations", len(nodes), limits.operations)
    analyzer = ComplexityAnalyzer(schema, document, limits)
    complexities = [analyzer.analyze(node) for node in nodes]
    check_limit("list size", analyzer.longest_list, limits.list_size)
    check_limit("selections", sum(tally.selections for tally in complexities), limits.selections)
    for complexity in complexities:
        check_operation_limits(complexity, limits)
    check_limit("merges", sum(count_overlaps(node, fragments) for node in nodes), limits.merges)
    return list(zip(nodes, complexities, strict=True))


def check_operation_limits(complexity: Complexity, limits: Limits) -> None:
    """Refuse an operation that is over a limit."""
    check_limit("root fields", complexity.fields, limits.root_fields)
    check_limit("aliases", complexity.aliases, limits.aliases)
    check_limit("directives", complexity.directives, limits.directives)
    check_limit("depth", complexity.depth, limits.depth)
    check_limit("depth of introspection", complexity.introspection_depth, limits.introspection_depth)
    # Without variables this is the whole cost, with variables a part.
    check_limit("cost", complexity.cost.constant, limits.cost)


def format_validation_error(error: GraphQLError) -> FormattedError:
    """A validation error for a client."""
    return format_error(error, None if error.extensions else Code.GRAPHQL_VALIDATION_FAILED)


def without_traceback(error: RequestError) -> RequestError:
    """The same refusal without the frames it was raised through: they hold the whole document."""
    copy = RequestError(error.errors, status=error.status)
    copy.legacy_status, copy.headers = error.legacy_status, error.headers
    return copy
