"""Rows of projects in memory, shared by all operations of this process."""

from collections.abc import Collection, Iterable
from typing import Final

from models.database import CommittedChanges
from models.tables.rows import Project

MAX_PROJECTS: Final = 10_000


class ProjectCache:
    """Holds rows of projects until a commit changes them.

    A commit invalidates before its caller gets the result, so the next operation reads the new row. In a database with
    several writing processes, what reads their log has to call `invalidate` as well.

    A project that was not found is not held: another operation may be about to create it.
    """

    def __init__(self) -> None:
        self._rows: dict[str, Project] = {}
        self.version = 0
        """Grows with each invalidation."""

    def get(self, project_id: str) -> Project | None:
        """Return a row that is not to be modified, or None if it has to be read. Access is not checked."""
        return self._rows.get(project_id)

    def store(self, projects: Iterable[Project], version: int) -> None:
        """Hold rows. `version` is that from before they were read: they may be older than a later invalidation."""
        if version != self.version:
            return
        if len(self._rows) >= MAX_PROJECTS:
            self._rows.clear()
        self._rows.update((project.id, project) for project in projects)

    def invalidate(self, project_ids: Collection[str]) -> None:
        """Drop the rows of projects that have changed, and those that are being read."""
        self.version += 1
        for project_id in project_ids:
            self._rows.pop(project_id, None)

    def on_commit(self, committed: CommittedChanges) -> None:
        if committed.project_ids:
            self.invalidate(committed.project_ids)
