"""Projects: the walls between callers."""
