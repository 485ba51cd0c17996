"""Rows of tokens."""

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Final

from sqlalchemy import ColumnElement, StaticPool, bindparam, create_engine, exists, literal, select

from models import json
from models.clock import Instant
from models.database import Transaction, track_changes
from models.dialect import json_items
from models.enums import Scope
from models.tables import project
from models.tables import token as token_table
from models.tables.rows import Token
from resolvers.access import Caller
from resolvers.filters import project_condition
from resolvers.pagination import cursors
from resolvers.pagination.keyset import PagedQuery
from resolvers.pagination.sorted_list import SortedList, SortKey

_COLUMNS: Final = token_table.c


def tokens_query(caller: Caller) -> PagedQuery[Token]:
    """List the tokens whose projects are all among the caller's, the oldest first."""
    source = SortedList(
        rows=select(token_table).where(_within_projects(caller)),
        row_class=Token,
        keys=[
            SortKey(_COLUMNS.created_at, lambda token, _: token.created_at, frozenset({"created_at"}), int),
            SortKey(_COLUMNS.id, lambda token, _: token.id, frozenset({"id"}), str),
        ],
    )
    return PagedQuery(source, partial(cursors.fingerprint, "tokens"))


def find_token(tx: Transaction, caller: Caller, token_id: str) -> Token | None:
    row = tx.execute(select(token_table).where(_within_projects(caller), _COLUMNS.id == token_id)).one_or_none()
    return None if row is None else Token(*row)


def read_all(connection: sqlite3.Connection) -> list[Token]:
    """Read all tokens, the oldest first, over a connection of the command line."""
    engine = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
    with engine.connect() as tx:
        rows = tx.execute(select(token_table).order_by(_COLUMNS.created_at, _COLUMNS.id)).all()
    return [Token(*row) for row in rows]


def find_by_lookup(tx: Transaction, lookup: str) -> Token | None:
    """Find a token of any caller: by it, the caller is found."""
    row = tx.execute(select(token_table).where(_COLUMNS.lookup == lookup)).one_or_none()
    return None if row is None else Token(*row)


def find_revoked(tx: Transaction, token_ids: Collection[str]) -> set[str]:
    """Return those of the tokens that are revoked, or unknown."""
    # One parameter: thousands of callers may have something open.
    each = json_items(literal(json.dumps(list(token_ids)))).table_valued("value")
    valid = select(_COLUMNS.id).where(_COLUMNS.id.in_(select(each.c.value)), _COLUMNS.revoked_at.is_(None))
    return set(token_ids) - set(tx.execute(valid).scalars())


def find_projects(tx: Transaction, caller: Caller, project_ids: Sequence[str]) -> set[str]:
    """Return those of the ids that are projects of the caller."""
    ids = project.c.id
    return set(tx.execute(select(ids).where(project_condition(caller, ids), ids.in_(project_ids))).scalars())


def has_admin_token(tx: Transaction, *, valid_at: Instant | None = None) -> bool:
    """Return whether there is, or ever was, a token with ADMIN; with `valid_at`, whether one is valid then."""
    condition = _COLUMNS.scopes.contains(literal(f'"{Scope.ADMIN}"'))
    if valid_at is not None:
        is_open = _COLUMNS.expires_at.is_(None) | (_COLUMNS.expires_at > valid_at)
        condition &= _COLUMNS.revoked_at.is_(None) & is_open
    return bool(tx.execute(select(exists().where(condition))).scalar())


def read_origins(tx: Transaction, now: Instant) -> list[tuple[list[str], Instant | None]]:
    """Read the origins of valid tokens that name some, with the end of each token."""
    is_open = _COLUMNS.expires_at.is_(None) | (_COLUMNS.expires_at > now)
    named = select(_COLUMNS.origins, _COLUMNS.expires_at).where(_COLUMNS.revoked_at.is_(None), is_open)
    return [(origins, expires_at) for origins, expires_at in tx.execute(named) if origins is not None]


def insert_token(tx: Transaction, token: Token) -> None:
    track_changes(tx, token_ids=[token.id])
    tx.execute(token_table.insert().values({column.name: getattr(token, column.name) for column in _COLUMNS}))


def revoke_token(tx: Transaction, token_id: str, now: Instant) -> None:
    track_changes(tx, token_ids=[token_id])
    tx.execute(token_table.update().where(_COLUMNS.id == token_id).values(revoked_at=now))


def set_last_used(tx: Transaction, last_used: Mapping[str, Instant]) -> None:
    statement = token_table.update().where(_COLUMNS.id == bindparam("token_id")).values(last_used_at=bindparam("at"))
    tx.execute(statement, [{"token_id": token_id, "at": at} for token_id, at in last_used.items()])


def _within_projects(caller: Caller) -> ColumnElement[bool]:
    if caller.project_ids is None:
        return literal(True)
    each = json_items(_COLUMNS.project_ids).table_valued("value")
    outside = exists().where(each.c.value.not_in(sorted(caller.project_ids)))
    return _COLUMNS.project_ids.is_not(None) & ~outside
