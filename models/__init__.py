"""The models: enums, kinds and their fields, tables, session rules, database, blob store."""
