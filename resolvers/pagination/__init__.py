"""Keyset pagination of lists."""
