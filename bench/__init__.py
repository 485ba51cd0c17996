"""Benchmarks against a plain strawberry server (`python -m bench`)."""
