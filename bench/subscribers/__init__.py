"""Thousands of lean subscribers in a process of their own, so that the server is measured and not its clients.

`commands` is what the process (`python -m bench.subscribers`) does, `process` how the benchmark talks to it.
"""
