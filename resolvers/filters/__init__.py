"""Filters of sessions."""

from resolvers.filters.filter import Filter, filter_problems, project_condition

__all__ = ["Filter", "filter_problems", "project_condition"]
