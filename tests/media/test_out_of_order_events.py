"""Metrics of events in any order of arrival within the bounds, and in any batching; without a server."""

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


def to_event(sent: SentEvent) -> Event:
    return Event(sent.ts, sent.type, sent.playhead, sent.bitrate, sent.name, json.dumps(sent.identity[2:]))


def reload(buffer: ReorderBuffer) -> ReorderBuffer:
    state, checkpoint = (
        PlaybackState.load(json.loads(json.dumps(stored.dump()))) for stored in (buffer.state, buffer.checkpoint)
    )
    return ReorderBuffer(state, checkpoint, [Event(*event) for event in json.loads(json.dumps(buffer.recent))])


def compute(calls: list[list[SentEvent]], start: SentEvent, length: float) -> dict[str, Any]:
    """Ingest calls as the server does; between two of them, only stored values are kept."""
    buffer = ReorderBuffer.from_state(PlaybackState(start.ts, start.playhead, length, start.bitrate))
    recorded: set[Any] = set()
    for call in calls:
        buffer = reload(buffer)
        events = [to_event(sent) for sent in sorted(call, key=lambda sent: sent.ts)]
        buffer.late_by_key = {event.key: False for event in events if event.key in recorded}
        for event in events:
            arrival = buffer.classify(event)
            assert arrival in (Arrival.NEW, Arrival.DUPLICATE)
            if arrival is Arrival.NEW:
                buffer.insert(event)
                recorded.add(event.key)
        buffer.apply_inserted()
    return {to_camel(name): value for name, value in asdict(compute_metrics(buffer.state)).items()}


def assert_equal(metrics: dict[str, Any], expected: dict[str, Any]) -> None:
    """Compare metrics, allowing for rounding of floats that were added in another order."""
    assert metrics.keys() == expected.keys()
    for name, value in expected.items():
        near = isinstance(value, float) and isclose(metrics[name], value, rel_tol=1e-9, abs_tol=0.001)
        assert near or metrics[name] == value, name


def assert_any_order(calls: list[list[SentEvent]], length: float, bitrate: float | None) -> None:
    start = SentEvent(START, "START", 0.0, bitrate)
    assert_equal(compute(calls, start, length), ReferencePlayback(start, merge_calls(calls), length).metrics())


def check(max_examples: int) -> Any:
    """Run `assert_any_order` on random calls."""
    arguments = given(CALLS, LENGTHS, st.sampled_from([None, 800]))
    limits = settings(max_examples=max_examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    return limits(arguments(assert_any_order))


def test_metrics_do_not_depend_on_order_and_batching() -> None:
    check(max_examples=300)()


@pytest.mark.long
def test_metrics_do_not_depend_on_order_and_batching_long() -> None:
    check(max_examples=5_000)()
