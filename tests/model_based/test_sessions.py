"""Model-based test: any sequence of steps leaves server and reference model equal."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, example, given, settings

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
UUID_FORM = Start("FIELD", {"idempotencyKey": "k0"}, {"unitId": "u", "uuid": "f1"})

# Sequences that random generation seldom finds.
KEY_AT_EXPIRY: list[Step] = [USER_WITH_KEY, Wait(DAY - 1), RepeatStart(0), Wait(1), RepeatStart(0)]
KEY_OF_REPLACED_FORM: list[Step] = [UUID_FORM, Start("FIELD", {}, UUID_FORM.variant), RepeatStart(1), Sweep()]
KEEPALIVE_AFTER_CLOCK_BACK: list[Step] = [
    USER_WITH_KEY,
    ClockBack(HOUR),
    Call("keepalive", 0),
    Wait(0, until_end_of=0),
    Sweep(),
]
RESTART_AFTER_CLOCK_BACK: list[Step] = [
    USER_WITH_KEY,
    ClockBack(HOUR),
    ServerDown(HOUR // 2, restarts=True),
    Wait(0, 0),
    Sweep(),
]
AGENDA_ITEM = Start("AGENDA", {}, {}, start_offset=30 * SECOND, duration=HOUR)
STARTED_BEFORE_CLOCK_BACK: list[Step] = [AGENDA_ITEM, Wait(30 * SECOND), Sweep(), ClockBack(5_001), Call("stop", 0)]
POSTPONED: list[Step] = [
    AGENDA_ITEM,
    Update(0, {"startTime": MINUTE}),
    Wait(30 * SECOND),
    Sweep(),
    Wait(0, None, 0),
    Sweep(),
]
BROWSER = Start("USER", {"timeoutSeconds": 60}, {"username": "ann", "clientId": "c" * 16})
STARTS: Step = ConcurrentStarts(BROWSER, 5)
CONCURRENT_STARTS_AROUND_EXPIRY: list[Step] = [STARTS, Wait(MINUTE - 1), STARTS, Wait(1), STARTS, Sweep()]
VIDEO = Start("MEDIA", {"timeoutSeconds": 86400}, {})
NOW, BEFORE, BEHIND = (
    PlayerPing(False, 0, 7, False),
    PlayerPing(False, -1, 0, False),
    PlayerPing(True, -30 * SECOND, 0, False),
)
EVENTS_IN_REVERSE: list[Step] = [VIDEO, Wait(HOUR // 3), Track(0, (("PAUSE_START", NOW), ("ERROR", BEFORE)))]
STALLED_PLAYER: list[Step] = [
    VIDEO,
    Track(0, (("PLAY", NOW),)),
    Wait(HOUR // 3),
    Track(0, (("PING", NOW),)),
    Wait(0, 0),
]
LATE_PLAYHEAD_CHANGE: list[Step] = [*EVENTS_IN_REVERSE, Wait(HOUR // 3), Track(0, (("PING", BEHIND),)), Wait(0, 0)]


def run_steps(steps: list[Step]) -> None:
    with TemporaryDirectory() as folder:
        asyncio.run(ModelRunner(Path(folder, "test.db")).run(steps))


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=SCENARIOS)
@example(steps=KEY_AT_EXPIRY)
@example(steps=KEY_OF_REPLACED_FORM)
@example(steps=KEEPALIVE_AFTER_CLOCK_BACK)
@example(steps=RESTART_AFTER_CLOCK_BACK)
@example(steps=STARTED_BEFORE_CLOCK_BACK)
@example(steps=POSTPONED)
@example(steps=CONCURRENT_STARTS_AROUND_EXPIRY)
@example(steps=EVENTS_IN_REVERSE)
@example(steps=STALLED_PLAYER)
@example(steps=LATE_PLAYHEAD_CHANGE)
def test_server_matches_model(steps: list[Step]) -> None:
    run_steps(steps)


@pytest.mark.long
@settings(max_examples=MANY_EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=SCENARIOS)
def test_server_matches_model_extensively(steps: list[Step]) -> None:
    run_steps(steps)
