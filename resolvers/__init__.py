"""What operations do. Knows the storage, not GraphQL."""
