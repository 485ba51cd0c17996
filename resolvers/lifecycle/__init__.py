"""The life of sessions: the only door for changes."""

from resolvers.lifecycle.deleting import delete_session
from resolvers.lifecycle.result import MutationResult
from resolvers.lifecycle.service import (
    hide_session,
    keepalive_session,
    keepalive_sessions,
    stop_session,
    terminate_session,
    track_media,
    update_agenda_session,
)
from resolvers.lifecycle.start import start_session
from resolvers.lifecycle.sweeper import Sweeper

__all__ = [
    "MutationResult",
    "Sweeper",
    "delete_session",
    "hide_session",
    "keepalive_session",
    "keepalive_sessions",
    "start_session",
    "stop_session",
    "terminate_session",
    "track_media",
    "update_agenda_session",
]
