"""The baseline: strawberry's ASGI application, SQLModel and aiosqlite, written as their documentation shows.

It answers the requests of the benchmark for two kinds of session, and does less for them than Session Graph (no
timeline, no times by path, no projects, no cursors): every difference is in its favour.
"""
