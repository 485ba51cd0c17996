"""Hypothesis strategies for sessions and filters: few distinct values, so that they match often."""

from typing import Any, Final

from hypothesis import strategies as st

from models.clock import MINUTE, SECOND
from models.enums import EndReason, Kind, PlayerState, State
from models.tables.rows import Session
from tests.factories import NOW, session_row

TEXTS: Final = st.sampled_from(["a", "b", "A", "ä", "a,b", '"', "%"])
PATHS: Final = st.lists(st.sampled_from(["a", "b", "ab", "[a,b]", '","', "ä"]), max_size=3)
TIMES: Final = st.integers(-40, 12).map(lambda steps: NOW + steps * 10 * MINUTE // 4)
PROJECTS: Final = st.sampled_from(["default", "p1", "p2"])
TRACKS: Final = st.lists(st.integers(1, 4), max_size=3)
MAYBE: Final = st.booleans()


def _optional(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


_KIND_COLUMNS: Final[dict[Kind, dict[str, st.SearchStrategy[Any]]]] = {
    Kind.CLIENT: {
        "language": st.sampled_from(["en", "fr"]),
        "client_system": TEXTS,
        "geo_listen_enabled": MAYBE,
        "demo_stream_enabled": MAYBE,
        "external_id": _optional(TEXTS),
        "subject": _optional(TEXTS),
    },
    Kind.AGENDA: {
        "guide": st.integers(1, 3),
        "external_id": _optional(TEXTS),
        "details": TRACKS.map(lambda tracks: {"schedule_tracks": tracks}),
    },
    Kind.MEDIA: {
        "media_id": TEXTS,
        "channel": TEXTS,
        "content_type": TEXTS,
        "player_state": st.sampled_from([state.value for state in PlayerState]),
        "subject": _optional(TEXTS),
    },
    Kind.FIELD: {"subject": TEXTS},
    Kind.USER: {"subject": TEXTS},
}


@st.composite
def sessions(draw: st.DrawFn) -> Session:
    """Draw a session of any kind in any state at `NOW`, whose expiry may not be recorded yet."""
    kind = draw(st.sampled_from(Kind))
    changes: dict[str, Any] = {name: draw(values) for name, values in _KIND_COLUMNS[kind].items()}
    started_at = draw(TIMES)
    if kind != Kind.AGENDA:
        started_at = min(started_at, NOW)
        changes["timeout_seconds"] = draw(st.none() | st.sampled_from([10, 150, 300, 1800]))
    elif draw(MAYBE):
        changes["schedule_end"] = started_at + draw(st.integers(1, 9)) * 5 * MINUTE
    if kind == Kind.MEDIA:
        changes["stall_from"] = draw(st.integers(started_at, NOW))
    changes |= {
        "project_id": draw(PROJECTS),
        "started_at": started_at,
        "created_at": draw(TIMES),
        "last_seen_at": min(NOW, started_at + draw(st.integers(0, 9)) * MINUTE),
        "visible": draw(MAYBE),
        "visible_ms": draw(st.integers(0, 3)) * SECOND,
        "path": draw(PATHS),
    }
    if draw(MAYBE):
        changes["ended_at"] = draw(TIMES)
        changes["end_reason"] = draw(st.sampled_from([reason.value for reason in EndReason]))
    s = session_row(kind, **changes)
    if s.due_at is not None:
        s.due_at -= draw(st.sampled_from([0, MINUTE]))
    return s


def _lists(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(values, max_size=3)


def _group(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


FILTERS: Final = _group(
    kinds=_lists(st.sampled_from(Kind)),
    project_ids=_lists(PROJECTS),
    states=_lists(st.sampled_from(State)),
    active=MAYBE,
    visible=MAYBE,
    subjects=_lists(TEXTS),
    external_ids=_lists(TEXTS),
    started_after=TIMES,
    started_before=TIMES,
    stopped_after=TIMES,
    stopped_before=TIMES,
    seen_after=TIMES,
    seen_before=TIMES,
    end_reasons=_lists(st.sampled_from(EndReason)),
    path_prefix=PATHS,
    client=_group(
        languages=_lists(st.sampled_from(["en", "fr"])),
        client_systems=_lists(TEXTS),
        device_ids=_lists(TEXTS),
        geo_listen_enabled=MAYBE,
        demo_stream_enabled=MAYBE,
    ),
    agenda=_group(guides=_lists(st.integers(1, 3)), schedule_tracks=TRACKS, import_ids=_lists(TEXTS)),
    media=_group(
        media_ids=_lists(TEXTS),
        channels=_lists(TEXTS),
        content_types=_lists(TEXTS),
        player_states=_lists(st.sampled_from(PlayerState)),
    ),
    field=_group(unit_ids=_lists(TEXTS), uuids=_lists(TEXTS)),
    user=_group(usernames=_lists(TEXTS)),
)
"""Combinations of all fields, which match little."""

SIMPLE_FILTERS: Final = FILTERS.flatmap(
    lambda given: (
        st.fixed_dictionaries({}) if not given else st.sampled_from(sorted(given)).map(lambda n: {n: given[n]})
    )
)
"""Filters of one field."""
