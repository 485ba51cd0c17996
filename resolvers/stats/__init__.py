"""Statistics of the sessions that a filter matches."""
