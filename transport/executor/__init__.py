"""Execution by plans and generated functions, for any schema; graphql-core does what is rare. See README.md."""

from transport.executor.executor import CompiledExecutor, OperationPlans

__all__ = ["CompiledExecutor", "OperationPlans"]
