"""A question that SQLite would need minutes for, so that a test in which nothing stops it fails in the end."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.engine import Connection

_COUNT: Final = text(
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000000000) SELECT count(*) FROM n"
)


def run_endless_query(tx: Connection, *_: object) -> int:
    """Count, and count, and count."""
    return int(tx.execute(_COUNT).scalar_one())
