"""Agreement of the session rules in Python and in SQL."""

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, case, select

from models import session_rules
from models.clock import MINUTE
from models.enums import State
from models.tables import session
from models.tables.rows import Session
from tests.factories import NOW, insert_rows, project_row
from tests.queries.strategies import sessions

NOWS = st.integers(-8, 8).map(lambda steps: NOW + steps * 10 * MINUTE // 4)


@settings(max_examples=60, deadline=None)
@given(st.lists(sessions(), min_size=1, max_size=12), NOWS)
def test_rules_agree_with_their_sql(engine: Engine, rows: list[Session], now: int) -> None:
    statement = select(
        session.c.id,
        # As conditions: null counts as false.
        *(case((session_rules.in_state_sql(state, now), True), else_=False) for state in State),
        session_rules.is_visible_sql(now),
        session_rules.effective_end_sql(now),
        session_rules.end_reason_sql(now),
        session_rules.elapsed_sql(now),
    )
    with engine.connect() as tx:
        insert_rows(tx, [project_row("p1"), project_row("p2"), *rows])
        found = {id_: tuple(values) for id_, *values in tx.execute(statement)}
        tx.rollback()
    assert found == {s.id: _in_python(s, now) for s in rows}


def _in_python(s: Session, now: int) -> tuple[Any, ...]:
    return (
        *(session_rules.state(s, now) == word for word in State),
        session_rules.is_visible(s, now),
        session_rules.effective_end(s, now),
        session_rules.end_reason(s, now),
        session_rules.elapsed(s, now),
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(sessions(), min_size=1, max_size=12), NOWS)
def test_extended_deadline_equals_deadline_of_call_now(engine: Engine, rows: list[Session], now: int) -> None:
    restored = [s for s in rows if s.timeout_seconds is not None]
    with engine.connect() as tx:
        insert_rows(tx, [project_row("p1"), project_row("p2"), *rows])
        tx.execute(
            session.update()
            .where(session.c.timeout_seconds.is_not(None))
            .values(session_rules.extended_deadline_sql(now))
        )
        statement = select(session.c.id, session.c.expires_at, session.c.expiry_reason, session.c.stall_from)
        found = {id_: tuple(values) for id_, *values in tx.execute(statement)}
        tx.rollback()
    assert {s.id: found[s.id] for s in restored} == {s.id: _deadline_if_seen_now(s, now) for s in restored}


def _deadline_if_seen_now(s: Session, now: int) -> tuple[Any, ...]:
    seen = copy.copy(s)
    seen.last_seen_at = now
    if seen.stall_from is not None:
        seen.stall_from = now
    return (*session_rules.deadline(seen), seen.stall_from)
