"""Any order of arrival within the bounds, and any cut into calls, gives the figures of the whole.

The rules by themselves; `test_front_door` does the same with the whole server.
"""

import json
from dataclasses import asdict
from math import isclose
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic.alias_generators import to_camel

from resolvers.media.metrics import compute_metrics
from resolvers.media.reorder_buffer import Arrival, ReorderBuffer
from resolvers.media.state import Event, PlaybackState
from tests.media.reference_metrics import ReferencePlayback, SentEvent, merge_calls
from tests.media.strategies import LENGTHS, START, arrivals, timelines

CALLS = timelines().flatmap(arrivals)


def rule_event(sent: SentEvent) -> Event:
    return Event(sent.ts, sent.type, sent.playhead, sent.bitrate, sent.name, json.dumps(sent.identity[2:]))


def reload(playback: ReorderBuffer) -> ReorderBuffer:
    """The same, written down and read again."""
    state, checkpoint = (
        PlaybackState.load(json.loads(json.dumps(each.dump()))) for each in (playback.state, playback.checkpoint)
    )
    return ReorderBuffer(state, checkpoint, [Event(*each) for each in json.loads(json.dumps(playback.recent))])


class Ingester:
    """Takes calls as the resolvers do, and forgets everything between two of them but what is stored."""

    def __init__(self, start: SentEvent, length: float) -> None:
        self.playback = ReorderBuffer.from_state(PlaybackState(start.ts, start.playhead, length, start.bitrate))
        self._rows: set[Any] = set()

    def take(self, call: list[SentEvent]) -> None:
        self.playback = reload(self.playback)
        events = [rule_event(told) for told in sorted(call, key=lambda each: each.ts)]
        self.playback.late_by_key = {each.key: False for each in events if each.key in self._rows}
        for each in events:
            standing = self.playback.classify(each)
            assert standing in (Arrival.NEW, Arrival.DUPLICATE)
            if standing is Arrival.NEW:
                self.playback.insert(each)
                self._rows.add(each.key)
        self.playback.apply_inserted()

    def metrics(self) -> dict[str, Any]:
        return {to_camel(name): value for name, value in asdict(compute_metrics(self.playback.state)).items()}


def assert_equal(found: dict[str, Any], expected: dict[str, Any]) -> None:
    """Equal but for what adding in another order does to floats."""
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        near = isinstance(value, float) and isclose(found[name], value, rel_tol=1e-9, abs_tol=0.001)
        assert near or found[name] == value, name


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(CALLS, LENGTHS, st.sampled_from([None, 800]))
def test_metrics_do_not_depend_on_order_and_batching(
    calls: list[list[SentEvent]], length: float, bitrate: float | None
) -> None:
    start = SentEvent(START, "START", 0.0, bitrate)
    server = Ingester(start, length)
    for call in calls:
        server.take(call)
    assert_equal(server.metrics(), ReferencePlayback(start, merge_calls(calls), length).metrics())


@pytest.mark.long
@settings(max_examples=5_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(CALLS, LENGTHS, st.sampled_from([None, 800]))
def test_metrics_do_not_depend_on_order_and_batching_long(
    calls: list[list[SentEvent]], length: float, bitrate: float | None
) -> None:
    start = SentEvent(START, "START", 0.0, bitrate)
    server = Ingester(start, length)
    for call in calls:
        server.take(call)
    assert_equal(server.metrics(), ReferencePlayback(start, merge_calls(calls), length).metrics())
