"""Tokens: the credentials of callers."""
