"""The transport by itself, on a schema that knows nothing of sessions."""
