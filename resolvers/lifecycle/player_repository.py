"""Players from the database and back: a fixed number of statements, however many sessions, and whatever came before."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.engine import Connection

from models.dialect import in_keys, upsert
from models.enums import Kind
from models.tables import media_event, media_state
from resolvers.lifecycle.media_player import MediaPlayer, PlayerEvent
from resolvers.lifecycle.unit_of_work import SessionUnitOfWork
from resolvers.media import Event, PlaybackState, ReorderBuffer
from resolvers.playbacks import initial_state

KEYS_PER_STATEMENT: Final = 2000
"""Keys of events in one statement."""


def load_players(
    tx: Connection, units: Mapping[str, SessionUnitOfWork], player_events: Mapping[str, Sequence[PlayerEvent]]
) -> None:
    """Give the drafts of sessions whose players report something what is remembered of them.

    One statement for all; another one only where an event is so old that it may have been counted long ago.
    """
    reporting = [draft for id_, draft in units.items() if player_events.get(id_) and draft.session.kind == Kind.MEDIA]
    if not reporting:
        return
    statement = select(media_state).where(media_state.c.session_id.in_(sorted(draft.session.id for draft in reporting)))
    rows = {row.session_id: row for row in tx.execute(statement)}
    for uow in reporting:
        row = rows.get(uow.session.id)
        uow.player = (
            MediaPlayer(ReorderBuffer.from_state(initial_state(uow.session))) if row is None else _player_from_row(row)
        )
    _load_late_flags(tx, reporting, player_events)


def _player_from_row(row: Any) -> MediaPlayer:
    recent = [Event(*event) for event in row.recent]
    return MediaPlayer(
        ReorderBuffer(PlaybackState.load(row.state), PlaybackState.load(row.checkpoint), recent), row.events, row.qoe_ts
    )


def _load_late_flags(
    tx: Connection, reporting: Iterable[SessionUnitOfWork], player_events: Mapping[str, Sequence[PlayerEvent]]
) -> None:
    """Find out which of the events that come too late are on record."""
    players = {uow.session.id: uow.player for uow in reporting if uow.player is not None}
    keys = iter(
        sorted(
            {
                (id_, *player_event.event.key)
                for id_, player in players.items()
                for player_event in player_events[id_]
                if player_event.event.ts < player.reorder_buffer.watermark
            }
        )
    )
    key_columns = (media_event.c.session_id, media_event.c.ts, media_event.c.type, media_event.c.digest)
    while chunk := list(islice(keys, KEYS_PER_STATEMENT)):
        found = tx.execute(select(*key_columns, media_event.c.late).where(in_keys(key_columns, chunk)))
        for id_, ts, type_, digest, late in found:
            players[id_].reorder_buffer.late_by_key[ts, type_, digest] = late


def save_players(tx: Connection, units: Iterable[SessionUnitOfWork]) -> None:
    """Write down what players told, and what is remembered of them."""
    reporting = [(uow.session.id, uow.player) for uow in units if uow.player is not None and uow.player.new_rows]
    if not reporting:
        return
    tx.execute(
        media_event.insert(), [{"session_id": id_, **row} for id_, player in reporting for row in player.new_rows]
    )
    replaced = ("events", "state", "checkpoint", "recent", "qoe_ts")
    tx.execute(
        upsert(tx, media_state, key=("session_id",), overwrite=replaced), [_state_row(*entry) for entry in reporting]
    )


def _state_row(session_id: str, player: MediaPlayer) -> dict[str, Any]:
    return {
        "session_id": session_id,
        "events": player.event_count,
        "state": player.reorder_buffer.state.dump(),
        "checkpoint": player.reorder_buffer.checkpoint.dump(),
        "recent": [tuple(event) for event in player.reorder_buffer.recent],
        "qoe_ts": player.qoe_ts,
    }
