"""What happens: the life of sessions, listing, counting, who may do what. Knows the storage, not GraphQL."""
