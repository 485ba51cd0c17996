"""Generated starts and updates, as inputs of the API and as values of the reference model."""

from typing import Any

from tests.media.reference_metrics import SentEvent
from tests.model_based.player_events import FIRST_TS, LENGTH
from tests.model_based.reference_model import ReferenceModel
from tests.model_based.reference_session import DAY, ReferenceSession, Schedule
from tests.model_based.render import to_rfc3339
from tests.model_based.steps import Start, Update

MEDIA = {
    "playerTime": {"playhead": 0, "ts": to_rfc3339(FIRST_TS)},
    **dict.fromkeys(("trackingServer", "reportSuite", "organizationId", "mediaId", "playerName", "channel"), "x"),
    "length": LENGTH,
    "contentType": "VOD",
}


def start_input(step: Start, model: ReferenceModel) -> dict[str, Any]:
    variant = dict(step.variant)
    if step.kind == "MEDIA":
        variant |= MEDIA
    if step.kind == "AGENDA":
        starts_at = model.now + step.start_offset
        variant |= {"guide": 1, "name": "Talk", "startTime": to_rfc3339(starts_at)}
        variant |= {} if step.duration is None else {"endTime": to_rfc3339(starts_at + step.duration)}
    found = {**step.common, "variant": {step.kind.lower(): variant}}
    if step.previous is not None and model.sessions:
        found["previousId"] = model.sessions[-1 - step.previous % len(model.sessions)].id
    return found


def expected_session(step: Start, model: ReferenceModel, input_at: int) -> ReferenceSession:
    """Build the session that an input written at `input_at` creates."""
    project = step.common.get("projectId", "default")
    schedule = _agenda_schedule(step, input_at)
    starts_at = model.now if schedule is None else schedule.start
    session = ReferenceSession(
        kind=step.kind,
        project=project,
        clock=min(starts_at, model.now),
        started=starts_at,
        age=min(0, model.now - starts_at),
        last_seen=model.now,
        received=model.now,
        visible=step.common.get("visible", True),
        path=tuple(step.common.get("path", ())),
        timeout=model.timeout(step.kind, project, step.common.get("timeoutSeconds")),
        max_age=schedule.duration if schedule else DAY if step.kind == "USER" else None,
        schedule=schedule,
        events=[SentEvent(FIRST_TS, "START", 0)],
    )
    session.start_announced = starts_at <= model.now
    session.timeline.append(("STARTED", starts_at) if session.start_announced else ("SCHEDULED", model.now))
    session.advance(model.now - session.clock)
    session.idle = session.since_heartbeat = 0
    session.age_at_heartbeat = session.age
    if session.ended is not None:
        session.announce_end()
    return session


def _agenda_schedule(step: Start, input_at: int) -> Schedule | None:
    if step.kind != "AGENDA":
        return None
    start = input_at + step.start_offset
    end = None if step.duration is None else start + step.duration
    return Schedule("Talk", start, end, step.variant.get("allDay", False))


def update_values(step: Update, session_id: str, now: int) -> dict[str, Any]:
    """Get the values of an update of an agenda item, with absolute times."""
    times = {name: None if offset is None else now + offset for name, offset in step.times.items()}
    return {"id": session_id, **step.values, **times}


def update_input(values: dict[str, Any]) -> dict[str, Any]:
    return {name: to_rfc3339(value) if name.endswith("Time") else value for name, value in values.items()}
