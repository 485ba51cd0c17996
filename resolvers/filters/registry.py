"""Every filter by its name, once: what it asks about, and what it asks of that."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple, TypeAlias

from models.enums import Kind, State
from models.kinds.field_types import parse_language
from resolvers.filters.fields import END, END_REASON, STATE, ColumnField, FilterField, TracksField, VisibleField
from resolvers.filters.operators import Between, Equals, GreaterThan, HasPrefix, In, LessThan, Operator


class FilterSpec(NamedTuple):
    """One filter: the operator is made of what the client gives."""

    field: FilterField
    operator: Callable[[Any], Operator]


FilterSpecs: TypeAlias = Mapping[str, FilterSpec]


def _active(wanted: bool) -> Operator:
    """Active, or else every other state: named, not negated, so that an index serves."""
    return In(tuple(state for state in State if (state == State.ACTIVE) == wanted))


def _languages(languages: Iterable[str]) -> Operator:
    """In the form that sessions have, whatever form a start may have; no session has what is no language."""
    return In(tuple(code for text in languages if (code := parse_language(text)) is not None))


COMMON_FILTERS: Final[FilterSpecs] = {
    "ids": FilterSpec(ColumnField("id"), In),
    "kinds": FilterSpec(ColumnField("kind"), In),
    "project_ids": FilterSpec(ColumnField("project_id"), In),
    "states": FilterSpec(STATE, In),
    "active": FilterSpec(STATE, _active),
    "visible": FilterSpec(VisibleField(), Equals),
    "subjects": FilterSpec(ColumnField("subject"), In),
    "external_ids": FilterSpec(ColumnField("external_id"), In),
    "started_after": FilterSpec(ColumnField("started_at"), GreaterThan),
    "started_before": FilterSpec(ColumnField("started_at"), LessThan),
    "stopped_after": FilterSpec(END, lambda than: Between(after=than)),
    "stopped_before": FilterSpec(END, lambda than: Between(before=than)),
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
"""The filters of one kind each; to name one of them is to ask for its kind."""
