"""State of the database file while the server uses it."""

from pathlib import Path

import structlog

from models.database.faults import describe_fault, fault_reason, is_damage, is_sync_failure
from models.errors import DatabaseDamaged, DatabaseNotSynced, StorageUnavailable

_log = structlog.get_logger("database")


class FileHealth:
    """Whether the file can be trusted. Once it cannot, nothing is written until a restart; reads go on.

    Damage: a write could spread it, and the other pages are right. A failed sync: the system may have dropped what it
    could not write, and report success the next time, so that no later sync would prove anything.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.damage: str | None = None
        self.sync_failure: str | None = None
        self.is_logged = False
        """Whether damage is logged: while the server starts, it is the reason why that fails."""
        self._identity = _identity(file)
        self._size = 0

    def unavailable(self, error: BaseException, verb: str) -> StorageUnavailable:
        """Return the error that callers get for a failure of the storage, which is logged once if it is lasting."""
        if is_sync_failure(error):
            return self._report_sync_failure(error)
        if not is_damage(error):
            return StorageUnavailable(f"the database cannot be {verb} at the moment; repeat the call")
        return self._report(describe_fault(self.file, error))

    def check_writable(self) -> None:
        """
        Raises:
            DatabaseDamaged: the file was found damaged.
            DatabaseNotSynced: a sync has failed.
        """
        if self.sync_failure is not None:
            raise _not_synced()
        if self.damage is not None:
            raise _damaged()

    def check_in_place(self) -> None:
        """Check that what was committed is in the file of this name, and that the file has not become shorter.

        SQLite would go on writing to a file that was deleted or replaced, and what it writes would be lost.

        Raises:
            DatabaseDamaged: it is not.
        """
        try:
            found = self.file.stat()
        except OSError:
            raise self._report(f"{self.file} was moved or deleted while in use: restore it, or a backup") from None
        if (found.st_dev, found.st_ino) != self._identity:
            raise self._report(f"{self.file} was replaced while in use: restart the server with the right file")
        if found.st_size < self._size:
            raise self._report(f"{self.file} was truncated while in use: restore a backup")
        self._size = found.st_size

    def _report_sync_failure(self, error: BaseException) -> DatabaseNotSynced:
        if self.sync_failure is None:
            self.sync_failure = f"{self.file} cannot be synced: check its disk, then restart ({fault_reason(error)})"
        return _not_synced()

    def _report(self, damage: str) -> DatabaseDamaged:
        if self.damage is None:
            self.damage = damage
            if self.is_logged:
                _log.error("database damaged", reason=damage, effect="nothing is written until a restart")
        return _damaged()


def _not_synced() -> DatabaseNotSynced:
    return DatabaseNotSynced("the disk of the database fails: the call may be stored or not; repeat it in a while")


def _damaged() -> DatabaseDamaged:
    return DatabaseDamaged("the database is damaged: nothing is stored, and parts of it cannot be read")


def _identity(file: Path) -> tuple[int, int]:
    found = file.stat()
    return found.st_dev, found.st_ino
