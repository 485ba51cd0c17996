"""Every filter by its name, once: what it asks about, and what it asks of that."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple, TypeAlias

from models.enums import Kind, State
from models.kinds.field_types import find_code
from resolvers.filters.fields import END, END_REASON, LIVE_STATE, Column, Term, Tracks, Visible
from resolvers.filters.operators import BeginsWith, Between, Earlier, Is, Later, OneOf, Operator


class Declared(NamedTuple):
    """One filter: the operator is made of what the client gives."""

    term: Term
    operator: Callable[[Any], Operator]


Names: TypeAlias = Mapping[str, Declared]


def _going_on(wanted: bool) -> Operator:
    """Active, or else every other state: named, not negated, so that an index serves."""
    return OneOf(tuple(state for state in State if (state == State.ACTIVE) == wanted))


def _speaking(languages: Iterable[str]) -> Operator:
    """In the form that sessions have, whatever form a start may have; no session has what is no language."""
    return OneOf(tuple(code for text in languages if (code := find_code(text)) is not None))


COMMON: Final[Names] = {
    "ids": Declared(Column("id"), OneOf),
    "kinds": Declared(Column("kind"), OneOf),
    "project_ids": Declared(Column("project_id"), OneOf),
    "states": Declared(LIVE_STATE, OneOf),
    "active": Declared(LIVE_STATE, _going_on),
    "visible": Declared(Visible(), Is),
    "subjects": Declared(Column("subject"), OneOf),
    "external_ids": Declared(Column("external_id"), OneOf),
    "started_after": Declared(Column("started_at"), Later),
    "started_before": Declared(Column("started_at"), Earlier),
    "stopped_after": Declared(END, lambda than: Between(after=than)),
    "stopped_before": Declared(END, lambda than: Between(before=than)),
    "seen_after": Declared(Column("last_seen_at"), Later),
    "seen_before": Declared(Column("last_seen_at"), Earlier),
    "end_reasons": Declared(END_REASON, OneOf),
    "path_prefix": Declared(Column("path"), BeginsWith),
}

BY_KIND: Final[Mapping[str, tuple[Kind, Names]]] = {
    "client": (
        Kind.CLIENT,
        {
            "languages": Declared(Column("language"), _speaking),
            "client_systems": Declared(Column("client_system"), OneOf),
            "device_ids": Declared(Column("subject"), OneOf),
            "geo_listen_enabled": Declared(Column("geo_listen_enabled"), Is),
            "demo_stream_enabled": Declared(Column("demo_stream_enabled"), Is),
        },
    ),
    "agenda": (
        Kind.AGENDA,
        {
            "guides": Declared(Column("guide"), OneOf),
            "schedule_tracks": Declared(Tracks(), OneOf),
            "import_ids": Declared(Column("external_id"), OneOf),
        },
    ),
    "media": (
        Kind.MEDIA,
        {
            "media_ids": Declared(Column("media_id"), OneOf),
            "channels": Declared(Column("channel"), OneOf),
            "content_types": Declared(Column("content_type"), OneOf),
            "player_states": Declared(Column("player_state"), OneOf),
        },
    ),
    "field": (
        Kind.FIELD,
        {
            "unit_ids": Declared(Column("subject"), OneOf),
            "uuids": Declared(Column("external_id"), OneOf),
        },
    ),
    "user": (
        Kind.USER,
        {
            "usernames": Declared(Column("subject"), OneOf),
        },
    ),
}
"""The filters of one kind each; to name one of them is to ask for its kind."""
