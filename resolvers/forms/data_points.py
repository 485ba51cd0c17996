"""Changes to the data points of a form."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from models.kinds.field import DataPointFields


class StoredAttachment(NamedTuple):
    """An uploaded file; `key` is that of its blob."""

    id: str
    filename: str
    content_type: str
    key: str


class PointPosition(NamedTuple):
    position: int
    has_file: bool


class PendingPoint(NamedTuple):
    position: int
    fields: DataPointFields
    file: StoredAttachment | None


@dataclass(slots=True)
class FormState:
    """The data points of one session and their unsaved changes; dicts are by name."""

    session_id: str
    positions: dict[str, PointPosition] = field(default_factory=dict)
    """Of all points, the pending ones included."""
    pending: dict[str, PendingPoint] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    """Names of points whose stored row is deleted, even if a pending one takes its place."""
    detached_files: set[str] = field(default_factory=set)
    """Names of points whose stored file is removed, or replaced by another value."""

    def save(self, points: Iterable[DataPointFields], files: Mapping[str, StoredAttachment]) -> None:
        """Add or replace points. Existing points keep their positions, new ones are appended."""
        next_position = max((existing.position for existing in self.positions.values()), default=-1) + 1
        for point in points:
            existing, file = self.positions.get(point.name), files.get(point.name)
            position = next_position if existing is None else existing.position
            next_position = max(next_position, position + 1)
            if existing is not None and existing.has_file:
                self.detached_files.add(point.name)
            self.positions[point.name] = PointPosition(position, file is not None)
            self.pending[point.name] = PendingPoint(position, point, file)

    def remove(self, names: Iterable[str]) -> list[str]:
        """Remove points by their names in lower case, each once. Returns the names of those that existed."""
        found = [name for name in names if name in self.positions]
        for name in found:
            if self.positions.pop(name).has_file:
                self.detached_files.add(name)
            self.pending.pop(name, None)
        self.removed.update(found)
        return found
