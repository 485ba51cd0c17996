"""The plain peer: strawberry's own ASGI application, SQLModel's ORM and aiosqlite, written as their documentation
shows it. It takes the requests that the figures send, keeps two kinds of session, and does less for them than Session
Graph (no timeline, no times by path, no projects, no cursors): where it differs, the difference is in its favour.

`python -m bench.baselines.strawberry PORT DATABASE`
"""
