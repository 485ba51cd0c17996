"""SQLite database: concurrent readers, one writer with group commit."""

from models.database.database import MAX_HEAVY_READS, Database, database_file, migrate_database, open_database
from models.database.engine import Transaction
from models.database.faults import DRIVER_ERRORS, STORAGE_ERRORS, fault_reason
from models.database.read_only import Progress, open_read_only
from models.database.statement import Statement
from models.database.writer import CommitListener, CommittedChanges, batched, track_changes

__all__ = [
    "DRIVER_ERRORS",
    "MAX_HEAVY_READS",
    "STORAGE_ERRORS",
    "CommitListener",
    "CommittedChanges",
    "Database",
    "Progress",
    "Statement",
    "Transaction",
    "batched",
    "database_file",
    "fault_reason",
    "migrate_database",
    "open_database",
    "open_read_only",
    "track_changes",
]
