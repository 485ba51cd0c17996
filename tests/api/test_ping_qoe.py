"""Quality of experience (`qoe`) in the pings of keepaliveSession, hideSession and stopSession."""

from typing import Any

import pytest

from tests.api.session_inputs import MEDIA, problem_paths
from tests.api_client import ApiClient

QOE = "... on MediaSession { qoe playhead }"


def ping(qoe: dict[str, Any]) -> dict[str, Any]:
    return {"playerTime": {"playhead": 1, "ts": "2026-05-28T20:26:41Z"}, "qoe": qoe}


@pytest.mark.parametrize("call", ["keepaliveSession", "hideSession", "stopSession"])
async def test_ping_qoe_must_have_documented_types(api: ApiClient, call: str) -> None:
    session = await api.start_session("media", MEDIA)
    invalid: list[tuple[dict[str, Any], list[str]]] = [
        ({"bitrate": "fast", "media.qoe.errorSource": "me"}, ["qoe.bitrate", "qoe.media.qoe.errorSource"]),
        ({"bitrate": 1, "media.qoe.bitrate": 2}, ["qoe.media.qoe.bitrate"]),
        ({f"n{i}": 1 for i in range(51)}, ["qoe"]),
        ({"n": "x" * 16_384}, ["qoe"]),
    ]
    for qoe, names in invalid:
        payload = await api.mutate(call, {"id": session["id"], "media": ping(qoe)})
        assert problem_paths(payload) == [f"input.media.{name}" for name in names]
    assert (await api.session(session["id"]))["revision"] == 1


async def test_ping_is_refused_if_merged_qoe_exceeds_limit(api: ApiClient) -> None:
    session = await api.start_session("media", {**MEDIA, "qoe": {f"n{i}": i for i in range(50)}})
    payload = await api.mutate("keepaliveSession", {"id": session["id"], "media": ping({"n0": 7})}, QOE)
    assert (payload["problems"], payload["session"]["qoe"]["n0"], payload["session"]["playhead"]) == ([], 7, 1)
    more = ping({"another": 1}) | {"playerTime": {"playhead": 2, "ts": "2026-05-28T20:26:42Z"}}
    payload = await api.mutate("keepaliveSession", {"id": session["id"], "media": more}, QOE)
    assert problem_paths(payload) == ["input.media.qoe"]
    # The ping is refused; the heartbeat counts.
    assert (payload["session"]["revision"], payload["session"]["playhead"]) == (3, 1)
    assert len(payload["session"]["qoe"]) == 50
