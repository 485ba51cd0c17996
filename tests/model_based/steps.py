"""What can happen to a server, step by step, as hypothesis chooses it."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


@dataclass(frozen=True)
class Start:
    """A start; `previous` counts back from the newest session, `at` and `lasts` are for items of an agenda."""

    kind: str
    common: dict[str, Any]
    own: dict[str, Any]
    previous: int | None = None
    at: int = 0
    lasts: int | None = None


@dataclass(frozen=True)
class Again:
    """A start that was sent before, word for word."""

    which: int


@dataclass(frozen=True)
class PingAt:
    """A sign of life of a player: its clock, measured from the present or from the newest event.

    It is left out where the session has no player, unless it is `stray`.
    """

    from_newest: bool
    offset: int
    playhead: float
    stray: bool


@dataclass(frozen=True)
class Call:
    """keepalive, hide or stop, of the session that `which` counts back to."""

    name: str
    which: int
    given: dict[str, Any] = field(default_factory=dict)
    ping: PingAt | None = None


@dataclass(frozen=True)
class Track:
    """What a player tells at once, each event with its type; `stray` where the session may have no player."""

    which: int
    events: tuple[tuple[str, PingAt], ...]
    stray: bool = False


@dataclass(frozen=True)
class Together:
    """Keepalives in one request."""

    calls: tuple[Call, ...]


@dataclass(frozen=True)
class Terminate:
    which: int


@dataclass(frozen=True)
class Update:
    """A change of an item of the agenda; times are so far from the present, null clears."""

    which: int
    times: dict[str, int | None] = field(default_factory=dict)
    given: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Delete:
    which: int


@dataclass(frozen=True)
class SetProject:
    id: str
    new: bool
    timeouts: dict[str, int | None] | None


@dataclass(frozen=True)
class Wait:
    """Time goes by, the server being there: so long, or to so many milliseconds after an end, or a scheduled start."""

    milliseconds: int
    until_end_of: int | None = None
    until_start_of: int | None = None


@dataclass(frozen=True)
class Sweep:
    pass


@dataclass(frozen=True)
class Away:
    """The server signs nothing for a while: it is stopped, or its machine sleeps."""

    milliseconds: int
    restarts: bool


@dataclass(frozen=True)
class SetBack:
    """The clock steps back."""

    milliseconds: int


Request = Start | Again | Call | Track | Together | Update | Terminate | Delete | SetProject
"""What a client or an administrator does."""
Step = Request | Wait | Sweep | Away | SetBack


def often(usual: st.SearchStrategy[Any], *rare: Any) -> st.SearchStrategy[Any]:
    """Mostly the usual, now and then something else."""
    unusual = st.sampled_from(rare)
    return st.sampled_from([usual] * 7 + [unusual]).flatmap(lambda chosen: chosen)


WHICH = st.sampled_from([0, 0, 0, 1, 1, 2, 3])
PATHS = st.sampled_from([["a"], ["a", "b"], ["b"], []])
TIMEOUTS = st.sampled_from([10, 60, 400, 3600, 86400])


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """An object in which any of the fields may be missing."""
    return st.fixed_dictionaries({}, optional=fields)


COMMON = some(
    projectId=often(st.just("default"), "p", "q"),
    timeoutSeconds=st.sampled_from([60, 400, 3600, 3600, 86400]),
    visible=often(st.just(True), False),
    path=PATHS,
    idempotencyKey=st.sampled_from([f"k{number}" for number in range(8)]),
)
OWN: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "CLIENT": st.just({"clientSystem": "iOS"}),
    "USER": st.sampled_from(
        [{"username": "ann"}, {"username": "ann", "clientId": "c" * 16}, {"username": "bob", "clientId": "c" * 16}]
    ),
    "FIELD": st.sampled_from([{"unitId": "u"}, {"unitId": "u", "uuid": "f1"}, {"unitId": "v", "uuid": "f1"}]),
    "MEDIA": st.just({}),
    "AGENDA": st.sampled_from([{}, {"allDay": True}]),
}


@st.composite
def starts(draw: st.DrawFn) -> Start:
    kind = draw(st.sampled_from([*sorted(OWN), "MEDIA"]))  # players have the most to tell
    common, own = draw(COMMON), draw(OWN[kind])
    if kind == "AGENDA" and draw(often(st.just(True), False)):
        common.pop("timeoutSeconds", None)
    at = draw(st.sampled_from([-25 * HOUR, -10 * SECOND, 0, 1, 30 * SECOND, HOUR]))
    lasts = None if own.get("allDay") else draw(st.sampled_from([None, SECOND, MINUTE, HOUR]))
    return Start(kind, common, own, draw(often(st.none(), 0, 1)), at, lasts)


PINGS = st.builds(
    PingAt,
    st.booleans(),
    st.sampled_from([0, 0, 0, -1, -30 * SECOND, -MINUTE, -MINUTE - 1, MINUTE, MINUTE + 1, -HOUR, 25 * HOUR]),
    st.sampled_from([0, 7, 7.5]),
    often(st.just(False), True),
)
EVENTS = st.sampled_from(["PING", "PING", "PLAY", "PLAY", "PAUSE_START", "BUFFER_START", "ERROR"])
TRACKS = st.builds(Track, WHICH, st.lists(st.tuples(EVENTS, PINGS), max_size=4).map(tuple), often(st.just(False), True))
GIVEN = some(path=PATHS, sequence=st.integers(0, 9))
KEEPALIVES = st.builds(
    Call,
    st.just("keepalive"),
    WHICH,
    some(path=PATHS, sequence=st.integers(0, 9), visible=often(st.just(True), False)),
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
    WHICH,
    some(
        startTime=often(st.sampled_from([-HOUR, -10 * SECOND, 0, 1, 30 * SECOND, 30 * SECOND, HOUR]), None),
        endTime=st.sampled_from([None, -HOUR, -SECOND, 0, 1, 30 * SECOND, MINUTE, HOUR]),
    ),
    some(allDay=often(st.sampled_from([False, True]), None), name=st.sampled_from(["Talk", "Other"])),
)
MOMENTS = st.sampled_from([1, SECOND, 3 * SECOND, 9_999, 30 * SECOND, 30 * SECOND, 59_999, 299 * SECOND])
OFF = st.sampled_from([-1, -1, 0, 1])
EDGES = st.builds(Wait, OFF, WHICH) | st.builds(Wait, OFF, st.none(), WHICH)
ABSENCES = st.sampled_from([0, SECOND, 5_000, 5_001, 20 * MINUTE, 25 * HOUR])

STEPS: list[tuple[int, st.SearchStrategy[Step]]] = [
    (3, starts()),
    (2, st.builds(Again, WHICH)),
    (6, KEEPALIVES),
    (4, st.builds(Call, st.just("hide"), WHICH, GIVEN, st.none() | PINGS)),
    (1, st.builds(Call, st.just("stop"), WHICH, GIVEN, st.none() | PINGS)),
    (4, TRACKS),
    (2, st.builds(Together, st.lists(KEEPALIVES, min_size=1, max_size=3).map(tuple))),
    (3, UPDATES),
    (9, st.builds(Wait, MOMENTS)),
    (1, st.builds(Wait, st.sampled_from([HOUR, DAY]))),
    (3, EDGES),
    (2, st.just(Sweep())),
    (2, st.builds(Away, ABSENCES, st.booleans())),
    (1, st.builds(Terminate, WHICH)),
    (1, st.builds(Delete, WHICH)),
    (1, PROJECTS),
    (1, st.builds(SetBack, st.sampled_from([SECOND, 5_000, 5_001, HOUR]))),
]
"""Each with how often it comes."""
ANY = st.sampled_from([step for times, step in STEPS for _ in range(times)]).flatmap(lambda step: step)
LIVES = st.tuples(st.lists(starts(), min_size=1, max_size=3), st.lists(ANY, min_size=12, max_size=30)).map(
    lambda parts: [*parts[0], *parts[1]]
)
