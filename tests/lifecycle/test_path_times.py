"""Visible time of sessions and of their paths."""

import json
from pathlib import Path
from typing import Any

from resolvers.lifecycle.heartbeat import MAX_PATHS
from tests.api.session_inputs import problem_codes
from tests.api_client import ApiClient

TRACE = Path(__file__).parents[1] / "vectors" / "user-trace.json"


async def test_trace_of_user_session_is_credited_to_the_second(api: ApiClient) -> None:
    trace = json.loads(TRACE.read_text())
    session = await api.start_user(**trace["start"], timeoutSeconds=300)
    at = 0
    payload: dict[str, Any] = {}
    for when, call, values in trace["calls"]:
        await api.advance(when - at)
        at = when
        payload = await api.mutate(f"{call}Session", {"id": session["id"], **values})
    expected = trace["expect"]
    assert problem_codes(payload) == [expected["lastCall"]]
    fields = "startedAt lastSeenAt endedAt elapsedSeconds visibleSeconds pathTimes { path visibleSeconds }"
    found = await api.session(session["id"], fields)
    times = {"/".join(entry["path"]): entry["visibleSeconds"] for entry in found["pathTimes"]}
    assert times == expected["pathTimes"]
    assert (found["visibleSeconds"], found["elapsedSeconds"]) == (expected["visibleSeconds"], 799)
    assert found["endReason"] == expected["endReason"]
    assert (found["lastSeenAt"], found["endedAt"]) == ("2026-05-28T20:39:59.000Z", "2026-05-28T20:44:59.000Z")


async def test_501st_path_is_credited_to_longest_known_prefix(api: ApiClient) -> None:
    session = await api.start_user(path=["p0"])
    for number in range(1, 503):
        await api.advance(1)
        path = ["p1", "x"] if number > 500 else [f"p{number}"]
        await api.mutate("keepaliveSession", {"id": session["id"], "path": path})
    await api.advance(1)
    await api.mutate("keepaliveSession", {"id": session["id"], "path": ["elsewhere"]})
    await api.advance(1)
    payload = await api.mutate("stopSession", {"id": session["id"]}, "visibleSeconds pathTimes { path visibleSeconds }")
    times = {tuple(entry["path"]): entry["visibleSeconds"] for entry in payload["session"]["pathTimes"]}
    assert len(times) == MAX_PATHS + 1
    # There is no room for p500 and `elsewhere`, and no known prefix; [p1, x] counts as [p1].
    assert (times[()], times[("p1",)]) == (2, 3)
    assert sum(times.values()) == payload["session"]["visibleSeconds"] == 504
