"""Consistency of a database and of its files."""
