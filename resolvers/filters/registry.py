"""The fields of `SessionFilter`, each with the property and the operator that it stands for."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple, TypeAlias

from models.enums import Kind, State
from models.kinds.field_types import parse_language
from resolvers.filters.predicates import (
    END,
    END_REASON,
    STATE,
    VISIBLE,
    Between,
    ColumnField,
    Equals,
    FilterField,
    GreaterThan,
    HasPrefix,
    In,
    LessThan,
    Operator,
    TracksField,
)


class FilterSpec(NamedTuple):
    field: FilterField
    operator: Callable[[Any], Operator]
    """Builds the operator from the client's value."""


FilterSpecs: TypeAlias = Mapping[str, FilterSpec]


def _active(active: bool) -> Operator:
    # Lists the other states instead of negating: an index can serve it.
    return In(tuple(state for state in State if (state == State.ACTIVE) == active))


def _languages(languages: Iterable[str]) -> Operator:
    """Normalize to ISO 639-1, as starts do; unknown languages match nothing."""
    return In(tuple(code for text in languages if (code := parse_language(text)) is not None))


COMMON_FILTERS: Final[FilterSpecs] = {
    "ids": FilterSpec(ColumnField("id"), In),
    "kinds": FilterSpec(ColumnField("kind"), In),
    "project_ids": FilterSpec(ColumnField("project_id"), In),
    "states": FilterSpec(STATE, In),
    "active": FilterSpec(STATE, _active),
    "visible": FilterSpec(VISIBLE, Equals),
    "subjects": FilterSpec(ColumnField("subject"), In),
    "external_ids": FilterSpec(ColumnField("external_id"), In),
    "started_after": FilterSpec(ColumnField("started_at"), GreaterThan),
    "started_before": FilterSpec(ColumnField("started_at"), LessThan),
    "stopped_after": FilterSpec(END, lambda bound: Between(after=bound)),
    "stopped_before": FilterSpec(END, lambda bound: Between(before=bound)),
    "seen_after": FilterSpec(ColumnField("last_seen_at"), GreaterThan),
    "seen_before": FilterSpec(ColumnField("last_seen_at"), LessThan),
    "end_reasons": FilterSpec(END_REASON, In),
    "path_prefix": FilterSpec(ColumnField("path"), HasPrefix),
}

KIND_FILTERS: Final[Mapping[str, tuple[Kind, FilterSpecs]]] = {
    "client": (
        Kind.CLIENT,
        {
            "languages": FilterSpec(ColumnField("language"), _languages),
            "client_systems": FilterSpec(ColumnField("client_system"), In),
            "device_ids": FilterSpec(ColumnField("subject"), In),
            "geo_listen_enabled": FilterSpec(ColumnField("geo_listen_enabled"), Equals),
            "demo_stream_enabled": FilterSpec(ColumnField("demo_stream_enabled"), Equals),
        },
    ),
    "agenda": (
        Kind.AGENDA,
        {
            "guides": FilterSpec(ColumnField("guide"), In),
            "schedule_tracks": FilterSpec(TracksField(), In),
            "import_ids": FilterSpec(ColumnField("external_id"), In),
        },
    ),
    "media": (
        Kind.MEDIA,
        {
            "media_ids": FilterSpec(ColumnField("media_id"), In),
            "channels": FilterSpec(ColumnField("channel"), In),
            "content_types": FilterSpec(ColumnField("content_type"), In),
            "player_states": FilterSpec(ColumnField("player_state"), In),
        },
    ),
    "field": (
        Kind.FIELD,
        {
            "unit_ids": FilterSpec(ColumnField("subject"), In),
            "uuids": FilterSpec(ColumnField("external_id"), In),
        },
    ),
    "user": (
        Kind.USER,
        {
            "usernames": FilterSpec(ColumnField("subject"), In),
        },
    ),
}
"""Filters that restrict to one kind each."""
