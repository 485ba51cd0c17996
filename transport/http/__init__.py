"""GraphQL over HTTP: reading requests, choosing what to answer with, status codes."""
