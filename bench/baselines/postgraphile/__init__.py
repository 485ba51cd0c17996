"""PostGraphile and the PostgreSQL server that it publishes, both pinned or found, started and stopped together."""
