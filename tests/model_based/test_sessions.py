"""Model-based test: any sequence of steps leaves server and reference model equal."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings

from tests.model_based.runner import ModelRunner
from tests.model_based.steps import (
    DAY,
    HOUR,
    MINUTE,
    SCENARIOS,
    SECOND,
    Call,
    ClockBack,
    ConcurrentStarts,
    PlayerPing,
    RepeatStart,
    Save,
    ServerDown,
    Start,
    Step,
    Sweep,
    Track,
    Update,
    Wait,
)

EXAMPLES = 30
MANY_EXAMPLES = 1_500
"""A quarter of an hour on two idle cores; each run draws others."""

USER_WITH_KEY = Start("USER", {"idempotencyKey": "k0", "timeoutSeconds": 400}, {"username": "ann"})
FORM = Start("FIELD", {"timeoutSeconds": 60, "path": ["a"]}, {"unitId": "u"})
UUID_FORM = Start("FIELD", {"idempotencyKey": "k0"}, {"unitId": "u", "uuid": "f1"})

AGENDA_ITEM = Start("AGENDA", {}, {}, start_offset=30 * SECOND, duration=HOUR)
BROWSER = Start("USER", {"timeoutSeconds": 60}, {"username": "ann", "clientId": "c" * 16})
STARTS = ConcurrentStarts(BROWSER, 5)
VIDEO = Start("MEDIA", {"timeoutSeconds": 86400}, {})
NOW, BEFORE = PlayerPing(False, 0, 7, False), PlayerPing(False, -1, 0, False)
BEHIND = PlayerPing(True, -30 * SECOND, 0, False)
EVENTS_IN_REVERSE: list[Step] = [VIDEO, Wait(HOUR // 3), Track(0, (("PAUSE_START", NOW), ("ERROR", BEFORE)))]

RARE_SEQUENCES: dict[str, list[Step]] = {
    "key at its expiry": [USER_WITH_KEY, Wait(DAY - 1), RepeatStart(0), Wait(1), RepeatStart(0)],
    "key of a replaced form": [UUID_FORM, Start("FIELD", {}, UUID_FORM.variant), RepeatStart(1), Sweep()],
    "keepalive after clock back": [USER_WITH_KEY, ClockBack(HOUR), Call("keepalive", 0), Wait(0, 0), Sweep()],
    "restart after clock back": [USER_WITH_KEY, ClockBack(HOUR), ServerDown(HOUR // 2, True), Wait(0, 0), Sweep()],
    "started before clock back": [AGENDA_ITEM, Wait(30 * SECOND), Sweep(), ClockBack(5_001), Call("stop", 0)],
    "postponed": [AGENDA_ITEM, Update(0, {"startTime": MINUTE}), Wait(30 * SECOND), Sweep(), Wait(0, None, 0), Sweep()],
    "concurrent starts around expiry": [STARTS, Wait(MINUTE - 1), STARTS, Wait(1), STARTS, Sweep()],
    "events in reverse": EVENTS_IN_REVERSE,
    "stalled player": [VIDEO, Track(0, (("PLAY", NOW),)), Wait(HOUR // 3), Track(0, (("PING", NOW),)), Wait(0, 0)],
    "form completes while hidden": [FORM, Call("hide", 0), Wait(-1, 0), Call("keepalive", 0), Wait(0, 0), Sweep()],
    "form saved at its end": [FORM, Wait(0, 0), Save(0, {"a": "x"}), Sweep(), Save(0, {"a": "y"}, ("b",))],
    "form saved before its end": [FORM, Wait(-1, 0), Save(0, {"a": "x"}), Wait(1), Save(0, {}, ("a",)), Wait(0, 0)],
    "form after downtime": [FORM, Wait(-1, 0), ServerDown(5_001, True), Wait(-1, 0), Save(0, {}), Wait(0, 0)],
    "form after clock back": [FORM, ClockBack(HOUR), Save(0, {"a": "x"}), Wait(0, 0), Save(0, {"a": "y"}), Sweep()],
    "corrected item": [
        AGENDA_ITEM,
        Wait(0, 0),
        Update(0, {}, {"name": "Other"}),
        Sweep(),
        Update(0, {"endTime": HOUR}),
    ],
    "corrected cancelled item": [AGENDA_ITEM, Call("stop", 0), Update(0, {}, {"name": "Other"}), Wait(HOUR), Sweep()],
    "late playhead change": [*EVENTS_IN_REVERSE, Wait(HOUR // 3), Track(0, (("PING", BEHIND),)), Wait(0, 0)],
}
"""Sequences that random generation seldom finds."""


def run_steps(steps: list[Step]) -> None:
    with TemporaryDirectory() as folder:
        asyncio.run(ModelRunner(Path(folder, "test.db")).run(steps))


@pytest.mark.parametrize("steps", RARE_SEQUENCES.values(), ids=RARE_SEQUENCES)
def test_server_matches_model_in_rare_sequences(steps: list[Step]) -> None:
    run_steps(steps)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=SCENARIOS)
def test_server_matches_model(steps: list[Step]) -> None:
    run_steps(steps)


@pytest.mark.long
@settings(max_examples=MANY_EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=SCENARIOS)
def test_server_matches_model_extensively(steps: list[Step]) -> None:
    run_steps(steps)
