"""Whatever happens to sessions, in whatever order: the server says what counting second by second says."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, example, given, settings

from tests.model_based.runner import Play
from tests.model_based.steps import (
    DAY,
    HOUR,
    LIVES,
    MINUTE,
    SECOND,
    Again,
    Away,
    Call,
    PingAt,
    SetBack,
    Start,
    Step,
    Sweep,
    Track,
    Update,
    Wait,
)

EXAMPLES = 30
MANY_EXAMPLES = 1_500
"""A quarter of an hour on two idle cores. Each run chooses others: seven make ten thousand."""

USER = Start("USER", {"idempotencyKey": "k0", "timeoutSeconds": 400}, {"username": "ann"})
FORM = Start("FIELD", {"idempotencyKey": "k0"}, {"unitId": "u", "uuid": "f1"})

# What chance seldom makes.
A_KEY_AT_ITS_END: list[Step] = [USER, Wait(DAY - 1), Again(0), Wait(1), Again(0)]
A_KEY_WHOSE_FORM_WAS_REPLACED: list[Step] = [FORM, Start("FIELD", {}, FORM.own), Again(1), Sweep()]
HEARD_AFTER_A_STEP_BACK: list[Step] = [USER, SetBack(HOUR), Call("keepalive", 0), Wait(0, until_end_of=0), Sweep()]
RETURNED_AFTER_A_STEP_BACK: list[Step] = [USER, SetBack(HOUR), Away(HOUR // 2, restarts=True), Wait(0, 0), Sweep()]
TALK = Start("AGENDA", {}, {}, at=30 * SECOND, lasts=HOUR)
BEGUN_BEFORE_A_STEP_BACK: list[Step] = [TALK, Wait(30 * SECOND), Sweep(), SetBack(5_001), Call("stop", 0)]
PUT_OFF: list[Step] = [TALK, Update(0, {"startTime": MINUTE}), Wait(30 * SECOND), Sweep(), Wait(0, None, 0), Sweep()]
VIDEO = Start("MEDIA", {"timeoutSeconds": 86400}, {})
NOW, BEFORE, BEHIND = PingAt(False, 0, 7, False), PingAt(False, -1, 0, False), PingAt(True, -30 * SECOND, 0, False)
TOLD_IN_REVERSE: list[Step] = [VIDEO, Wait(HOUR // 3), Track(0, (("PAUSE_START", NOW), ("ERROR", BEFORE)))]
STANDING_STILL: list[Step] = [
    VIDEO,
    Track(0, (("PLAY", NOW),)),
    Wait(HOUR // 3),
    Track(0, (("PING", NOW),)),
    Wait(0, 0),
]
MOVED_ONLY_IN_THE_PAST: list[Step] = [*TOLD_IN_REVERSE, Wait(HOUR // 3), Track(0, (("PING", BEHIND),)), Wait(0, 0)]


def play(steps: list[Step]) -> None:
    with TemporaryDirectory() as folder:
        asyncio.run(Play(Path(folder, "test.db")).run(steps))


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=LIVES)
@example(steps=A_KEY_AT_ITS_END)
@example(steps=A_KEY_WHOSE_FORM_WAS_REPLACED)
@example(steps=HEARD_AFTER_A_STEP_BACK)
@example(steps=RETURNED_AFTER_A_STEP_BACK)
@example(steps=BEGUN_BEFORE_A_STEP_BACK)
@example(steps=PUT_OFF)
@example(steps=TOLD_IN_REVERSE)
@example(steps=STANDING_STILL)
@example(steps=MOVED_ONLY_IN_THE_PAST)
def test_a_life_goes_as_it_is_counted(steps: list[Step]) -> None:
    play(steps)


@pytest.mark.long
@settings(max_examples=MANY_EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=LIVES)
def test_many_lives_go_as_they_are_counted(steps: list[Step]) -> None:
    play(steps)
