"""What an update of an item of the agenda must do to its life."""

from collections.abc import Mapping
from typing import Any, Final

from tests.model_based.reference_model import Answer, House
from tests.model_based.reference_session import Schedule
from tests.model_based.render import text
from tests.model_based.steps import Update

TIMES: Final = ("startTime", "endTime")


def given(step: Update, session_id: str, house: House) -> dict[str, Any]:
    """The update with its times as instants."""
    times = {name: None if offset is None else house.now + offset for name, offset in step.times.items()}
    return {"id": session_id, **step.given, **times}


def sent(said: Mapping[str, Any]) -> dict[str, Any]:
    """The same as the server gets it."""
    return {name: text(value) if name in TIMES else value for name, value in said.items()}


def update(house: House, said: Mapping[str, Any]) -> Answer:
    """What the server must answer to an update, and what becomes of the life that it is for."""
    life = house.find(said["id"])
    if (refusal := house.refusal(life)) is not None or life is None:
        return refusal or Answer()
    cleared = [name for name in ("name", "startTime", "allDay") if name in said and said[name] is None]
    if life.schedule is None:
        return Answer(life, ["BAD_USER_INPUT"] * (len(cleared) + 1))
    there = life.schedule
    wanted = Schedule(
        title=said.get("name") or there.title,
        start=there.start if said.get("startTime") is None else said["startTime"],
        end=said.get("endTime", there.end),
        all_day=there.all_day if said.get("allDay") is None else said["allDay"],
    )
    impossible = wanted.end is not None and (wanted.all_day or wanted.end <= wanted.start)
    if cleared or impossible:
        return Answer(life, ["BAD_USER_INPUT"] * (len(cleared) + impossible))
    if wanted != there:
        life.timeline.append(("UPDATED", house.now))
        life.revision += 1
        life.move(wanted)
    return Answer(life)
