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

from transport.documents.complexity import Counter, Tally
from transport.documents.list_inputs import holds_list, list_holders
from transport.documents.lru_cache import RecentlyUsed
from transport.documents.operation import Document, Operation
from transport.documents.overlapping_fields import merges
from transport.documents.parse import parsed
from transport.documents.resume_variables import only_of_root
from transport.errors import Code, FormattedError, Refusal, formatted, require, too_complex
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


class Documents:
    """All documents that clients sent lately. Both the good and the refused are kept, apart: a flood of bad ones
    costs nothing twice, and does not push out the good."""

    def __init__(self, schema: GraphQLSchema, settings: TransportSettings) -> None:
        self._schema = schema
        self._holders = list_holders(schema)
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
        return document.token_count, Document([self._operation(text, document, *counts) for counts in operations])

    def _operation(self, text: str, document: DocumentNode, node: OperationDefinitionNode, tally: Tally) -> Operation:
        variables = node.variable_definitions or ()
        types = {item.variable.name.value: type_from_ast(self._schema, item.type) for item in variables}
        defaults = {item.variable.name.value: item.default_value for item in variables if item.default_value}
        return Operation(
            document=document,
            text=text,
            name=node.name.value if node.name else None,
            type=node.operation,
            introspects=tally.introspection > 0,
            cost=tally.cost,
            defaults={name: value_from_ast_untyped(value) for name, value in defaults.items() if tally.cost.terms},
            lists={
                name: type_
                for name, type_ in types.items()
                if is_input_type(type_) and holds_list(type_, self._holders)
            },
            holders=self._holders,
            limits=self._limits,
            # White space and comments may stand between the two: where it only seems so, nothing is lost.
            defers="defer" in text,
            only_of_root=only_of_root(document, node) if node.operation is OperationType.SUBSCRIPTION else {},
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
            raise Refusal((validation_error(error) for error in errors), well_formed=True, status=400)


def counted(
    schema: GraphQLSchema, document: DocumentNode, limits: Limits
) -> list[tuple[OperationDefinitionNode, Tally]]:
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
    return list(zip(nodes, tallies, strict=True))


def check(tally: Tally, limits: Limits) -> None:
    """Refuse an operation that is over a limit."""
    require("root fields", tally.fields, limits.root_fields)
    require("aliases", tally.aliases, limits.aliases)
    require("directives", tally.directives, limits.directives)
    require("depth", tally.depth, limits.depth)
    require("depth of introspection", tally.introspection, limits.introspection_depth)
    # Without variables this is the whole cost, with variables a part.
    require("cost", tally.cost.number, limits.cost)


def validation_error(error: GraphQLError) -> FormattedError:
    """A validation error for a client."""
    return formatted(error, None if error.extensions else Code.GRAPHQL_VALIDATION_FAILED)


def again(refusal: Refusal) -> Refusal:
    """The same refusal without the frames it was raised through: they hold the whole document."""
    fresh = Refusal(refusal.errors, status=refusal.status)
    fresh.legacy_status, fresh.headers = refusal.legacy_status, refusal.headers
    return fresh
