"""Benchmarks against other servers (`python -m bench`)."""
