"""The fields of `SessionFilter`, each with the property and the operator that it stands for."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from operator import gt, lt
from typing import Any, Final, TypeAlias

from models.enums import Kind, State
from models.kinds.field_types import parse_language
from resolvers.filters.predicates import (
    END,
    END_REASON,
    STATE,
    VISIBLE,
    Between,
    ColumnField,
    Compare,
    FilterField,
    HasPrefix,
    In,
    Operator,
    TracksField,
)

FilterSpec: TypeAlias = tuple[FilterField, Callable[[Any], Operator]]
"""A property, and the constructor of an operator from the client's value."""
FilterSpecs: TypeAlias = Mapping[str, FilterSpec]


def _column(name: str, operator: Callable[[Any], Operator] = In) -> FilterSpec:
    return ColumnField(name), operator


_later: Final = partial(Compare, gt)
_earlier: Final = partial(Compare, lt)


def _equals(value: bool) -> Operator:
    return In((value,))


def _active(active: bool) -> Operator:
    # Lists the other states instead of negating: an index can serve it.
    return In(tuple(state for state in State if (state == State.ACTIVE) == active))


def _languages(languages: Iterable[str]) -> Operator:
    """Normalize to ISO 639-1, as starts do; unknown languages match nothing."""
    return In(tuple(code for text in languages if (code := parse_language(text)) is not None))


COMMON_FILTERS: Final[FilterSpecs] = {
    "ids": _column("id"),
    "kinds": _column("kind"),
    "project_ids": _column("project_id"),
    "states": (STATE, In),
    "active": (STATE, _active),
    "visible": (VISIBLE, _equals),
    "subjects": _column("subject"),
    "external_ids": _column("external_id"),
    "started_after": _column("started_at", _later),
    "started_before": _column("started_at", _earlier),
    "stopped_after": (END, lambda bound: Between(after=bound)),
    "stopped_before": (END, lambda bound: Between(before=bound)),
    "seen_after": _column("last_seen_at", _later),
    "seen_before": _column("last_seen_at", _earlier),
    "end_reasons": (END_REASON, In),
    "path_prefix": _column("path", HasPrefix),
}

KIND_FILTERS: Final[Mapping[str, FilterSpecs]] = {
    Kind.CLIENT.lower(): {
        "languages": _column("language", _languages),
        "client_systems": _column("client_system"),
        "device_ids": _column("subject"),
        "geo_listen_enabled": _column("geo_listen_enabled", _equals),
        "demo_stream_enabled": _column("demo_stream_enabled", _equals),
    },
    Kind.AGENDA.lower(): {
        "guides": _column("guide"),
        "schedule_tracks": (TracksField(), In),
        "import_ids": _column("external_id"),
    },
    Kind.MEDIA.lower(): {
        "media_ids": _column("media_id"),
        "channels": _column("channel"),
        "content_types": _column("content_type"),
        "player_states": _column("player_state"),
    },
    Kind.FIELD.lower(): {"unit_ids": _column("subject"), "uuids": _column("external_id")},
    Kind.USER.lower(): {"usernames": _column("subject")},
}
"""Groups of filters that restrict to one kind each."""
