"""The generated functions of a document, as text for people."""

from dataclasses import replace

from graphql import (
    DocumentNode,
    GraphQLSchema,
    OperationDefinitionNode,
    parse,
    validate,
)

from transport.executor.compiled import CompiledPlan
from transport.executor.executor import CompiledExecutor
from transport.executor.line_budget import LineBudget, LineCount
from transport.executor.plan import Plan, Unplanned, condition_variables


def generated_source(schema: GraphQLSchema, text: str, operation_name: str | None = None) -> str:
    """Return the functions of an operation, for all possible types. Variables in its directives are true.

    Raises Unplanned if it has no plan, and GraphQLError if it is no valid operation.
    """
    document = parse(text)
    if errors := validate(schema, document):
        raise errors[0]
    undeclared = _without_variables(document)
    executor = CompiledExecutor.build(schema, undeclared, operation_name=operation_name)
    if isinstance(executor, list):
        raise executor[0]
    conditions = condition_variables(executor.operation, executor.fragment_definitions)
    if conditions is None:
        raise Unplanned
    compiled = CompiledPlan(Plan(executor, dict.fromkeys(conditions, True)), LineCount(LineBudget()))
    compiled.generate_all()
    return "\n".join(source.text for source in compiled.sources)


def _without_variables(document: DocumentNode) -> DocumentNode:
    """Copy a document without declarations of variables, whose values are not known."""
    return replace(
        document,
        definitions=tuple(
            replace(each, variable_definitions=()) if isinstance(each, OperationDefinitionNode) else each
            for each in document.definitions
        ),
    )
