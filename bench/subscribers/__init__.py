"""Thousands of lean subscribers in one process: a general client library would be measured instead of the server."""
