"""Model of updateAgendaSession."""

from collections.abc import Mapping
from typing import Any, Final

from tests.model_based.reference_model import ExpectedResult, ReferenceModel
from tests.model_based.reference_session import Schedule
from tests.model_based.render import to_rfc3339
from tests.model_based.steps import Update

TIME_FIELDS: Final = ("startTime", "endTime")


def update_values(step: Update, session_id: str, model: ReferenceModel) -> dict[str, Any]:
    """Get the update with absolute times."""
    times = {name: None if offset is None else model.now + offset for name, offset in step.times.items()}
    return {"id": session_id, **step.values, **times}


def update_input(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: to_rfc3339(value) if name in TIME_FIELDS else value for name, value in values.items()}


def apply_update(model: ReferenceModel, values: Mapping[str, Any]) -> ExpectedResult:
    """Apply an update to the model. Returns the result that the server must give."""
    session = model.find(values["id"])
    if (refusal := model.refusal(session)) is not None or session is None:
        return refusal or ExpectedResult()
    cleared = [name for name in ("name", "startTime", "allDay") if name in values and values[name] is None]
    if session.schedule is None:
        return ExpectedResult(session, ["BAD_USER_INPUT"] * (len(cleared) + 1))
    current = session.schedule
    updated = Schedule(
        title=values.get("name") or current.title,
        start=current.start if values.get("startTime") is None else values["startTime"],
        end=values.get("endTime", current.end),
        all_day=current.all_day if values.get("allDay") is None else values["allDay"],
    )
    is_invalid = updated.end is not None and (updated.all_day or updated.end <= updated.start)
    if cleared or is_invalid:
        return ExpectedResult(session, ["BAD_USER_INPUT"] * (len(cleared) + is_invalid))
    if updated != current:
        session.timeline.append(("UPDATED", model.now))
        session.revision += 1
        session.reschedule(updated)
    return ExpectedResult(session)
