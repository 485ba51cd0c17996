"""byPath after random sequences of calls, against a reference model."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count, cycle
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from models.clock import SECOND, Instant
from resolvers.lifecycle import heartbeat
from tests.api.session_inputs import create_project
from tests.api_client import ApiClient

Path = tuple[str, ...]
Step = tuple[int, str, list[str] | None, float]
"""Index of the visitor, call, path, and the pause after it in seconds."""

MAX_PATHS: Final = 3
"""Replaces the limit of 500 paths per session, which random calls would hardly reach."""

AWKWARD_SEGMENTS: Final = [
    *["a", "b", "ab", "A", "a/b", "/", ".", "[", "a,b]", '","', '"', "\\", "\\u0061", "'", "%", "_", "$[0]"],
    *[" ", "\t", "\n", "\x01", "\x7f", "\u2028", "null", "0", "-1", "é", "e\u0301", "\u200b", "ß", "ﬀ", "\uffff"],
    *["💡", "\U0010ffff", "لا", "\u202ea", "x" * 512, "💡" * 512],
]
SEGMENTS: Final = st.sampled_from(["a", "b"]) | st.sampled_from(AWKWARD_SEGMENTS)
PATHS: Final = st.lists(st.sampled_from(["a", "b"]), max_size=8) | st.lists(SEGMENTS, max_size=4)
CALLS: Final = st.sampled_from(["keepalive"] * 5 + ["hide", "hide", "stop", "sweep"])
STEPS: Final = st.tuples(
    st.integers(0, 2), CALLS, st.none() | PATHS, st.sampled_from([0.0, 0.001, 1.0, 7.5, 30.0, 299.0, 301.0])
)
WALKS: Final = st.tuples(st.lists(PATHS, min_size=3, max_size=3), st.lists(STEPS, min_size=6, max_size=18))
TOO_MANY_PATHS: Final = (
    [["a"], [], ["b"]],
    [(0, "keepalive", list(path), 1.0) for path in ("b", "bc", "bcd", "be", "bcdx", "f", "ag", "", "b", "a")],
)
"""One session on ten paths, nested or not, of which three are counted separately."""
KINDS: Final = {"user": 300, "client": 1800, "field": 1800}
_examples = count()


@dataclass
class ReferenceVisitor:
    """Reference model of one session."""

    id: str
    name: str
    path: Path
    last_seen_at: Instant
    timeout: int | None
    visible: bool = True
    stopped: bool = False
    times: Counter[Path] = field(default_factory=Counter)

    def is_active(self, now: Instant) -> bool:
        return not self.stopped and (self.timeout is None or now < self.last_seen_at + self.timeout * SECOND)

    def apply(self, call: str, path: list[str] | None, now: Instant) -> None:
        if not self.is_active(now):
            return
        where = self.path if call == "keepalive" or path is None else tuple(path)
        spent = min(now - self.last_seen_at, 300 * SECOND if self.timeout is None else self.timeout * SECOND)
        if self.visible and spent:
            self.times[self._bucket(where)] += spent
        self.last_seen_at, self.visible, self.stopped = now, call == "keepalive", call == "stop"
        if call == "keepalive" and path is not None:
            self.path = tuple(path)

    def _bucket(self, path: Path) -> Path:
        """Return the path while there is room, then its longest known prefix, then `()`."""
        if path in self.times or len(self.times) < MAX_PATHS:
            return path
        while path and path not in self.times:
            path = path[:-1]
        return path


def by_path(visitors: Iterable[ReferenceVisitor], depth: int, now: Instant) -> list[dict[str, Any]]:
    """Compute the expected `byPath`."""
    sessions: dict[Path, set[str]] = {}
    active: Counter[Path] = Counter()
    spent: Counter[Path] = Counter()
    for visitor in visitors:
        for path, milliseconds in visitor.times.items():
            sessions.setdefault(path[:depth], set()).add(visitor.id)
            spent[path[:depth]] += milliseconds
        if visitor.is_active(now):
            sessions.setdefault(visitor.path[:depth], set()).add(visitor.id)
            active[visitor.path[:depth]] += 1
    found = sorted(sessions, key=lambda path: (-len(sessions[path]), path))
    return [
        {
            "path": list(path),
            "sessions": len(sessions[path]),
            "activeNow": active[path],
            "visibleSeconds": spent[path] / SECOND,
        }
        for path in found
    ]


BY_PATH_QUERY: Final = """query($filter: SessionFilter, $depth: Int) { sessionStats(filter: $filter) {
    byPath(depth: $depth, first: 60) { path sessions activeNow visibleSeconds } } }"""


class CallRunner:
    """Runs calls on three sessions of three kinds in a new project."""

    def __init__(self, api: ApiClient) -> None:
        self._api = api
        self._project = f"walk-{next(_examples)}"
        self._visitors: list[ReferenceVisitor] = []

    async def start(self, paths: list[list[str]]) -> None:
        await create_project(self._api, self._project)
        for (kind, timeout), path in zip(KINDS.items(), paths, strict=True):
            name = f"{self._project} {kind}"
            own = {
                "user": {"username": name},
                "client": {"clientSystem": "iOS", "deviceId": name},
                "field": {"unitId": name},
            }
            session = await self._api.start_session(kind, own[kind], projectId=self._project, path=path)
            self._visitors.append(ReferenceVisitor(session["id"], name, tuple(path), self._api.clock.now(), timeout))
            await self._api.advance(1)

    async def run_step(self, index: int, call: str, path: list[str] | None, pause_seconds: float) -> None:
        visitor = self._visitors[index]
        if call == "sweep":
            await self._api.sweep()
        else:
            shown = {"visible": True} if call == "keepalive" else {}
            await self._api.mutate(f"{call}Session", {"id": visitor.id, "path": path, **shown})
            visitor.apply(call, path, self._api.clock.now())
        await self._api.advance(pause_seconds)

    async def assert_by_path(self, depths: list[int]) -> None:
        """Compare filters that indexes answer, and filters that need rows."""
        now, (user, app, form) = self._api.clock.now(), self._visitors
        started_at = (await self._api.session(app.id, "startedAt"))["startedAt"]
        cases: list[tuple[dict[str, Any], list[ReferenceVisitor]]] = [
            ({}, [user, app, form]),
            ({"kinds": ["USER", "FIELD"]}, [user, form]),
            ({"subjects": [app.name]}, [app]),
            ({"active": True}, [one for one in self._visitors if one.is_active(now)]),
            ({"active": False}, [one for one in self._visitors if not one.is_active(now)]),
            ({"startedAfter": started_at}, [form]),
            ({"pathPrefix": ["a"]}, [one for one in self._visitors if one.path[:1] == ("a",)]),
        ]
        for depth, (filter_, visitors) in zip(cycle(depths), [*cases, cases[0]], strict=False):
            in_project = {"projectIds": [self._project], **filter_}
            answer = await self._api.execute(BY_PATH_QUERY, filter=in_project, depth=depth)
            assert answer["byPath"] == by_path(visitors, depth, now), (filter_, depth)


async def walk_and_check(api: ApiClient, walk: tuple[list[list[str]], list[Step]], depths: list[int]) -> None:
    runner = CallRunner(api)
    await runner.start(walk[0])
    for step in walk[1]:
        await runner.run_step(*step)
    await runner.assert_by_path(depths)
    await api.advance(2000)
    await api.sweep()
    await runner.assert_by_path(depths[::-1])


DEPTHS: Final = st.permutations(range(1, 9))
FEW: Final = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def _little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "MAX_PATHS", MAX_PATHS)


@pytest.mark.usefixtures("_little_room")
@FEW
@given(walk=WALKS, depths=DEPTHS)
@example(walk=TOO_MANY_PATHS, depths=[1, 2, 3, 4, 5, 6, 7, 8])
async def test_by_path_equals_reference_at_each_depth(
    api: ApiClient, walk: tuple[list[list[str]], list[Step]], depths: list[int]
) -> None:
    await walk_and_check(api, walk, depths)
