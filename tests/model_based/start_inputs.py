"""A start that hypothesis chose, as the input that the server gets and as the life that it must make of it."""

from typing import Any

from tests.media.reference_metrics import Told
from tests.model_based.player_events import FIRST_TS, LENGTH
from tests.model_based.reference_model import House
from tests.model_based.reference_session import DAY, Life, Schedule
from tests.model_based.render import text
from tests.model_based.steps import Start

MEDIA = {
    "playerTime": {"playhead": 0, "ts": text(FIRST_TS)},
    **dict.fromkeys(("trackingServer", "reportSuite", "organizationId", "mediaId", "playerName", "channel"), "x"),
    "length": LENGTH,
    "contentType": "VOD",
}


def given(step: Start, house: House) -> dict[str, Any]:
    """The input."""
    own = dict(step.own)
    if step.kind == "MEDIA":
        own |= MEDIA
    if step.kind == "AGENDA":
        begins = house.now + step.at
        own |= {"guide": 1, "name": "Talk", "startTime": text(begins)}
        own |= {} if step.lasts is None else {"endTime": text(begins + step.lasts)}
    found = {**step.common, "variant": {step.kind.lower(): own}}
    if step.previous is not None and house.lives:
        found["previousId"] = house.lives[-1 - step.previous % len(house.lives)].id
    return found


def life(step: Start, house: House, given_at: int) -> Life:
    """What the server must make of an input that was written at `given_at`, if nothing is in its way."""
    project = step.common.get("projectId", "default")
    schedule = _schedule(step, given_at)
    begins = house.now if schedule is None else schedule.start
    made = Life(
        kind=step.kind,
        project=project,
        clock=min(begins, house.now),
        started=begins,
        age=min(0, house.now - begins),
        last_seen=house.now,
        visible=step.common.get("visible", True),
        path=tuple(step.common.get("path", ())),
        timeout=house.timeout(step.kind, project, step.common.get("timeoutSeconds")),
        span=_span(step, schedule),
        schedule=schedule,
        events=[Told(FIRST_TS, "START", 0)],
    )
    if begins > house.now:
        made.begun = False
        made.timeline.append(("SCHEDULED", house.now))
    else:
        made.timeline.append(("STARTED", begins))
    made.pass_time(house.now - made.clock)
    made.silence = made.unheard = 0
    made.age_when_heard = made.age
    if made.ended is not None:
        made.tell_end()
    return made


def _span(step: Start, schedule: Schedule | None) -> int | None:
    """The age at which it is over, heard or not."""
    return schedule.span if schedule else DAY if step.kind == "USER" else None


def _schedule(step: Start, given_at: int) -> Schedule | None:
    """What an item of the agenda says of its times."""
    if step.kind != "AGENDA":
        return None
    start = given_at + step.at
    end = None if step.lasts is None else start + step.lasts
    return Schedule("Talk", start, end, step.own.get("allDay", False))
