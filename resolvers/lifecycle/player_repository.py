"""Players from the database and back: a fixed number of statements, however many sessions, and whatever came before."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.engine import Connection

from models.dialect import one_of_keys, upsert
from models.enums import Kind
from models.tables import media_event, media_state
from resolvers.lifecycle.media_player import Player, Report
from resolvers.lifecycle.unit_of_work import Draft
from resolvers.media import Event, Playback, State
from resolvers.playbacks import first_state

KEYS: Final = 2000
"""Keys of events in one statement."""


def read_players(tx: Connection, drafts: Mapping[str, Draft], reports: Mapping[str, Sequence[Report]]) -> None:
    """Give the drafts of sessions whose players report something what is remembered of them.

    One statement for all; another one only where an event is so old that it may have been counted long ago.
    """
    told = [draft for id_, draft in drafts.items() if reports.get(id_) and draft.session.kind == Kind.MEDIA]
    if not told:
        return
    statement = select(media_state).where(media_state.c.session_id.in_(sorted(draft.session.id for draft in told)))
    rows = {row.session_id: row for row in tx.execute(statement)}
    for draft in told:
        row = rows.get(draft.session.id)
        draft.player = Player(Playback.begin(first_state(draft.session))) if row is None else _player(row)
    _read_older(tx, told, reports)


def _player(row: Any) -> Player:
    recent = [Event(*event) for event in row.recent]
    return Player(Playback(State.load(row.state), State.load(row.checkpoint), recent), row.events, row.qoe_ts)


def _read_older(tx: Connection, told: Iterable[Draft], reports: Mapping[str, Sequence[Report]]) -> None:
    """Find out which of the events that come too late are on record."""
    players = {draft.session.id: draft.player for draft in told if draft.player is not None}
    asked = iter(
        sorted(
            {
                (id_, *report.event.key)
                for id_, player in players.items()
                for report in reports[id_]
                if report.event.ts < player.playback.floor
            }
        )
    )
    key = (media_event.c.session_id, media_event.c.ts, media_event.c.type, media_event.c.digest)
    while some := list(islice(asked, KEYS)):
        found = tx.execute(select(*key, media_event.c.late).where(one_of_keys(key, some)))
        for id_, ts, type_, digest, late in found:
            players[id_].playback.older[ts, type_, digest] = late


def write_players(tx: Connection, drafts: Iterable[Draft]) -> None:
    """Write down what players told, and what is remembered of them."""
    told = [(draft.session.id, draft.player) for draft in drafts if draft.player is not None and draft.player.rows]
    if not told:
        return
    tx.execute(media_event.insert(), [{"session_id": id_, **row} for id_, player in told for row in player.rows])
    replaced = ("events", "state", "checkpoint", "recent", "qoe_ts")
    tx.execute(upsert(tx, media_state, key=("session_id",), replaced=replaced), [_row(*each) for each in told])


def _row(session_id: str, player: Player) -> dict[str, Any]:
    return {
        "session_id": session_id,
        "events": player.arrived,
        "state": player.playback.state.dump(),
        "checkpoint": player.playback.checkpoint.dump(),
        "recent": [tuple(event) for event in player.playback.recent],
        "qoe_ts": player.qoe_ts,
    }
