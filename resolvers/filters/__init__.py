"""Filters of sessions."""

from resolvers.filters.filter import Filter, filter_problems, in_scope, project_condition, scope_values

__all__ = ["Filter", "filter_problems", "in_scope", "project_condition", "scope_values"]
