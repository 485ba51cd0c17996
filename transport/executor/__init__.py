"""Execution by plans and generated functions, for any schema; graphql-core does what is rare. See README.md."""

from transport.executor.executor import CompiledExecutor, OperationPlans
from transport.executor.line_budget import LineBudget

__all__ = ["CompiledExecutor", "LineBudget", "OperationPlans"]
