"""Sessions that go, with everything that is theirs; one entry of the log stays behind for 7 days."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.engine import Connection

from models.clock import Instant
from models.enums import ActivityType
from models.tables import activity, attachment, session
from models.tables.session import Session
from resolvers.blobs.repository import release
from resolvers.lifecycle.repository import append_activities
from resolvers.lifecycle.unit_of_work import new_activity


def delete_sessions(tx: Connection, sessions: Sequence[Session], activity_type: ActivityType, now: Instant) -> None:
    """Delete sessions, their timelines, paths, points and events, and say so in the log. Files are collected later.

    Args:
        tx: the transaction.
        sessions: what goes.
        what: REPLACED or DELETED.
        now: when.
    """
    ids = [s.id for s in sessions]
    release(tx, select(attachment.c.file_key).where(attachment.c.session_id.in_(ids)))
    tx.execute(activity.delete().where(activity.c.session_id.in_(ids)))
    tx.execute(session.delete().where(session.c.id.in_(ids)))  # the tables of its parts cascade
    append_activities(tx, [new_activity(s, activity_type, now) for s in sessions])
