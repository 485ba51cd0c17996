"""Filters of sessions."""

from resolvers.filters.filter import Filter, project_condition

__all__ = ["Filter", "project_condition"]
