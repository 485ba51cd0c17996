"""What one visitor means to do: a plan, a generator that yields one call after the other.

A plan never sees an answer: it names the sessions that it starts by their number, and whoever sends fills in the ids.
"""

import base64
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from demo.operations import Operation
from models.enums import Kind


@dataclass(frozen=True)
class SessionRef:
    """Stands in an input for the id that the plan's `start`-th start was answered, from 0; LATEST: the last one's."""

    start_index: int


LATEST: Final = -1


@dataclass(frozen=True)
class Call:
    """One operation to send now. `then`: seconds until the plan's next call. `may_find_ended`: SESSION_ENDED is no
    surprise, the plan goes on after it."""

    operation: Operation
    kind: Kind | None
    variable: Any
    delay: float
    may_be_ended: bool = False

    def variables(self, ids: Mapping[int, str]) -> dict[str, Any]:
        """The variables with every mention replaced; KeyError where a session it mentions was never started."""
        return {self.operation.argument: _resolve_refs(self.variable, ids)}


class VisitContext:
    """What a plan knows of the world: chance, the time, and names that no other run uses."""

    def __init__(self, rng: Random, started_at: datetime) -> None:
        self.rng = rng
        self.elapsed = 0.0
        """Seconds since the run began."""
        self._started_at = started_at

    def timestamp(self, ahead: float = 0.0) -> str:
        """The present, or the moment so many seconds ahead of it, as RFC 3339 text with milliseconds."""
        moment = self._started_at + timedelta(seconds=self.elapsed + ahead)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def unique_text(self) -> str:
        """A text that only this run holds: the moment it began is in it."""
        return f"{self.rng.getrandbits(64):016x}-{int(self._started_at.timestamp() * 1000):x}"

    def uuid(self) -> str:
        return str(uuid.UUID(int=self.rng.getrandbits(128), version=4))

    def base64(self, size: int) -> str:
        """So many random bytes as Base64 text."""
        return base64.b64encode(self.rng.randbytes(size)).decode()

    def chance(self, probability: float) -> bool:
        """True in `share` (0 to 1) of the cases."""
        return self.rng.random() < probability

    def random_seconds(self, shortest: float, longest: float) -> float:
        """Seconds to wait."""
        return round(self.rng.uniform(shortest, longest), 3)


Plan = Callable[[VisitContext], Iterator[Call]]


def start(kind: Kind, fields: dict[str, Any], *, delay: float, **common: Any) -> Call:
    """Starts a session of `kind`; `common` are the fields that all kinds share."""
    return Call(Operation.START, kind, {**common, "variant": {kind.lower(): fields}}, delay)


def keepalive(kind: Kind, session: int, *, delay: float, may_be_ended: bool = False, **fields: Any) -> Call:
    return Call(Operation.KEEPALIVE, kind, {"id": SessionRef(session), **fields}, delay, may_be_ended)


def keepalive_many(kind: Kind, sessions: range, *, delay: float) -> Call:
    return Call(Operation.KEEPALIVE_MANY, kind, [{"id": SessionRef(number)} for number in sessions], delay)


def hide(kind: Kind, session: int, *, delay: float, **fields: Any) -> Call:
    return Call(Operation.HIDE, kind, {"id": SessionRef(session), **fields}, delay)


def stop(kind: Kind, session: int, *, delay: float = 0.0, **fields: Any) -> Call:
    return Call(Operation.STOP, kind, {"id": SessionRef(session), **fields}, delay)


def track(kind: Kind, session: int, events: list[dict[str, Any]], *, delay: float) -> Call:
    return Call(Operation.TRACK, kind, {"id": SessionRef(session), "events": events}, delay)


def terminate(kind: Kind, session: int, reason: str, *, delay: float) -> Call:
    return Call(Operation.TERMINATE, kind, {"id": SessionRef(session), "reason": reason}, delay)


def _resolve_refs(value: Any, ids: Mapping[int, str]) -> Any:
    if isinstance(value, SessionRef):
        return ids[value.start_index if value.start_index >= 0 else max(ids, default=0)]
    if isinstance(value, dict):
        return {name: _resolve_refs(item, ids) for name, item in value.items()}
    if isinstance(value, list):
        return [_resolve_refs(item, ids) for item in value]
    return value
