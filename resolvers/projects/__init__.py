"""Projects: the unit of access."""
