"""Sets are only told as they were written.

What has ended by time, and was not yet written down, is out of the set by the clock but not by the log. A call that
took its time before that end and is still on its way could bring such a session back without a word in the log, and a
subscriber would miss it for ever. So time is made to write first, as every call on an ended session does.
"""

import structlog
from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.engine import Connection

from models.clock import Instant
from models.database import Database
from models.dialect import bounded_range, no_index
from models.errors import StorageUnavailable
from models.session_rules import is_expired
from models.tables import session
from models.tables.session import Session
from resolvers.lifecycle.due import DUE_BATCH, Sweep, apply_due_batch

_log = structlog.get_logger("feed")


def has_due_transition(s: Session, now: Instant) -> bool:
    """Whether time has done something to it by `now` that is not yet written down."""
    return is_expired(s, now) or (s.ended_at is None and not s.begun and s.started_at <= now)


def any_due(tx: Connection, now: Instant) -> bool:
    """Whether there is any such session; looks no further than the sweeper does."""
    return tx.execute(select(session.c.id).where(_has_due_transition_sql(now)).limit(1)).first() is not None


def _has_due_transition_sql(now: Instant) -> ColumnElement[bool]:
    begins = and_(session.c.begun.is_(False), session.c.started_at <= now)
    return and_(
        no_index(session.c.ended_at).is_(None),
        bounded_range(session.c.due_at, before=now + 1),
        or_(session.c.expires_at <= now, begins),
    )


async def flush_due(database: Database, now: Instant) -> bool:
    """Write down everything that time has done by `now`; false where nothing can be written at the moment."""
    try:
        while (await database.write(apply_due_batch, Sweep(now))).processed == DUE_BATCH:
            pass
    except StorageUnavailable as error:
        _log.warning("ends not written down", reason=str(error))
        return False
    return True
