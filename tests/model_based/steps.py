"""Steps of the model test, and hypothesis strategies for them."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


@dataclass(frozen=True)
class Start:
    """`previous` counts back from the newest session; `start_offset` and `duration` are for agenda items."""

    kind: str
    common: dict[str, Any]
    variant: dict[str, Any]
    previous: int | None = None
    start_offset: int = 0
    duration: int | None = None


@dataclass(frozen=True)
class ConcurrentStarts:
    """A start of a USER session, sent several times at once."""

    start: Start
    count: int


@dataclass(frozen=True)
class RepeatStart:
    """An earlier start, sent again unchanged."""

    index: int


@dataclass(frozen=True)
class PlayerPing:
    """A player event; its time is relative to now, or to the newest event.

    Left out where the session has no player, unless `any_kind`.
    """

    from_newest: bool
    offset: int
    playhead: float
    any_kind: bool


@dataclass(frozen=True)
class Call:
    """keepalive, hide or stop of the session that `index` counts back to."""

    name: str
    index: int
    values: dict[str, Any] = field(default_factory=dict)
    ping: PlayerPing | None = None


@dataclass(frozen=True)
class Track:
    """Events of one trackMedia; `any_kind`: also for a session without a player."""

    index: int
    events: tuple[tuple[str, PlayerPing], ...]
    any_kind: bool = False


@dataclass(frozen=True)
class Save:
    """saveFieldData: values of data points, and names of those to remove; `any_kind`: also for other sessions."""

    index: int
    data: dict[str, str]
    remove: tuple[str, ...] = ()
    any_kind: bool = False


@dataclass(frozen=True)
class KeepaliveBatch:
    calls: tuple[Call, ...]


@dataclass(frozen=True)
class Terminate:
    index: int


@dataclass(frozen=True)
class Update:
    """Update of an agenda item; times are relative to now, None clears; `any_kind`: also of other sessions."""

    index: int
    times: dict[str, int | None] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    any_kind: bool = False


@dataclass(frozen=True)
class Delete:
    index: int


@dataclass(frozen=True)
class SetProject:
    id: str
    new: bool
    timeouts: dict[str, int | None] | None


@dataclass(frozen=True)
class Wait:
    """Advance the clock with the server up: by a duration, or to an offset from an end or a scheduled start."""

    milliseconds: int
    until_end_of: int | None = None
    until_start_of: int | None = None


@dataclass(frozen=True)
class Sweep:
    pass


@dataclass(frozen=True)
class ServerDown:
    """The server is stopped, or its machine sleeps."""

    milliseconds: int
    restarts: bool


@dataclass(frozen=True)
class ClockBack:
    milliseconds: int


Request = (
    Start
    | ConcurrentStarts
    | RepeatStart
    | Call
    | Track
    | Save
    | KeepaliveBatch
    | Update
    | Terminate
    | Delete
    | SetProject
)
"""Steps that send a request."""
Step = Request | Wait | Sweep | ServerDown | ClockBack


def mostly(common: st.SearchStrategy[Any], *rare: Any) -> st.SearchStrategy[Any]:
    """Draw `common` in seven of eight cases."""
    exception = st.sampled_from(rare)
    return st.sampled_from([common] * 7 + [exception]).flatmap(lambda chosen: chosen)


INDEXES = st.sampled_from([0, 0, 0, 1, 1, 2, 3])
PATHS = st.sampled_from([["a"], ["a", "b"], ["b"], []])
TIMEOUTS = st.sampled_from([10, 60, 400, 3600, 86400])


def optional_fields(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Draw an object in which any field may be missing."""
    return st.fixed_dictionaries({}, optional=fields)


COMMON_FIELDS = optional_fields(
    projectId=mostly(st.just("default"), "p", "q"),
    timeoutSeconds=st.sampled_from([60, 400, 3600, 3600, 86400]),
    visible=mostly(st.just(True), False),
    path=PATHS,
    idempotencyKey=st.sampled_from([f"k{number}" for number in range(8)]),
)
VARIANTS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "CLIENT": st.just({"clientSystem": "iOS"}),
    "USER": st.sampled_from(
        [{"username": "ann"}, {"username": "ann", "clientId": "c" * 16}, {"username": "bob", "clientId": "c" * 16}]
    ),
    "FIELD": st.sampled_from([{"unitId": "u"}, {"unitId": "u", "uuid": "f1"}, {"unitId": "v", "uuid": "f1"}]),
    "MEDIA": st.just({}),
    "AGENDA": st.sampled_from([{}, {"allDay": True}]),
}


@st.composite
def starts(draw: st.DrawFn, *kinds: str) -> Start:
    kind = draw(st.sampled_from(kinds or [*sorted(VARIANTS), "MEDIA"]))  # media sessions have the most behaviour
    common, variant = draw(COMMON_FIELDS), draw(VARIANTS[kind])
    if kind == "AGENDA" and draw(mostly(st.just(True), False)):
        common.pop("timeoutSeconds", None)
    start_offset = draw(st.sampled_from([-25 * HOUR, -10 * SECOND, 0, 1, 30 * SECOND, HOUR]))
    duration = None if variant.get("allDay") else draw(st.sampled_from([None, SECOND, MINUTE, HOUR]))
    return Start(kind, common, variant, draw(mostly(st.none(), 0, 1)), start_offset, duration)


PINGS = st.builds(
    PlayerPing,
    st.booleans(),
    st.sampled_from([0, 0, 0, -1, -30 * SECOND, -MINUTE, -MINUTE - 1, MINUTE, MINUTE + 1, -HOUR, 25 * HOUR]),
    st.sampled_from([0, 7, 7.5]),
    mostly(st.just(False), True),
)
EVENTS = st.sampled_from(["PING", "PING", "PLAY", "PLAY", "PAUSE_START", "BUFFER_START", "ERROR"])
TRACKS = st.builds(
    Track, INDEXES, st.lists(st.tuples(EVENTS, PINGS), max_size=4).map(tuple), mostly(st.just(False), True)
)
PATH_AND_SEQUENCE = optional_fields(path=PATHS, sequence=st.integers(0, 9))
KEEPALIVES = st.builds(
    Call,
    st.just("keepalive"),
    INDEXES,
    optional_fields(path=PATHS, sequence=st.integers(0, 9), visible=st.booleans()),
    st.none() | PINGS,
)
PROJECTS = st.builds(
    SetProject,
    st.sampled_from(["p", "q"]),
    st.booleans(),
    st.none() | st.dictionaries(st.sampled_from(["USER", "FIELD", "MEDIA"]), st.none() | TIMEOUTS),
)
UPDATES = st.builds(
    Update,
    INDEXES,
    optional_fields(
        startTime=mostly(st.sampled_from([-HOUR, -10 * SECOND, 0, 1, 30 * SECOND, 30 * SECOND, HOUR]), None),
        endTime=st.sampled_from([None, -HOUR, -SECOND, 0, 1, 30 * SECOND, MINUTE, HOUR]),
    ),
    optional_fields(allDay=mostly(st.sampled_from([False, True]), None), name=st.sampled_from(["Talk", "Other"])),
    mostly(st.just(False), True),
)
SAVES = st.builds(
    Save,
    INDEXES,
    st.dictionaries(st.sampled_from("abcd"), st.sampled_from("xyz"), max_size=3),
    st.sampled_from([(), (), ("a", "B"), ("C", "nowhere"), ("d", "d")]),
    mostly(st.just(False), True),
)
WAITS = st.sampled_from([1, SECOND, 3 * SECOND, 9_999, 30 * SECOND, 30 * SECOND, 59_999, 299 * SECOND])
EDGE_OFFSETS = st.sampled_from([-1, -1, 0, 1])
EDGE_WAITS = st.builds(Wait, EDGE_OFFSETS, INDEXES) | st.builds(Wait, EDGE_OFFSETS, st.none(), INDEXES)
DOWNTIMES = st.sampled_from([0, SECOND, 5_000, 5_001, 20 * MINUTE, 25 * HOUR])

STEPS: list[tuple[int, st.SearchStrategy[Step]]] = [
    (3, starts()),
    (2, st.builds(ConcurrentStarts, starts("USER"), st.integers(2, 5))),
    (2, st.builds(RepeatStart, INDEXES)),
    (6, KEEPALIVES),
    (4, st.builds(Call, st.just("hide"), INDEXES, PATH_AND_SEQUENCE, st.none() | PINGS)),
    (1, st.builds(Call, st.just("stop"), INDEXES, PATH_AND_SEQUENCE, st.none() | PINGS)),
    (4, TRACKS),
    (4, SAVES),
    (2, st.builds(KeepaliveBatch, st.lists(KEEPALIVES, min_size=1, max_size=3).map(tuple))),
    (3, UPDATES),
    (9, st.builds(Wait, WAITS)),
    (1, st.builds(Wait, st.sampled_from([HOUR, DAY]))),
    (3, EDGE_WAITS),
    (2, st.just(Sweep())),
    (2, st.builds(ServerDown, DOWNTIMES, st.booleans())),
    (1, st.builds(Terminate, INDEXES)),
    (1, st.builds(Delete, INDEXES)),
    (1, PROJECTS),
    (1, st.builds(ClockBack, st.sampled_from([SECOND, 5_000, 5_001, HOUR]))),
]
"""With their relative frequencies."""
ANY_STEP = st.sampled_from([step for times, step in STEPS for _ in range(times)]).flatmap(lambda step: step)
SCENARIOS = st.tuples(st.lists(starts(), min_size=1, max_size=3), st.lists(ANY_STEP, min_size=12, max_size=30)).map(
    lambda parts: [*parts[0], *parts[1]]
)
