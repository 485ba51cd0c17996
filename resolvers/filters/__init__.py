"""Filters of sessions."""

from resolvers.filters.filter import Filter, filter_problems, in_projects, project_condition

__all__ = ["Filter", "filter_problems", "in_projects", "project_condition"]
