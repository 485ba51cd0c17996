"""What can be wrong with the storage itself, in words a caller can act on."""

from typing import Any


class StorageUnavailable(Exception):
    """Nothing can be written (or read) at the moment; nothing of the call was kept, and it may be repeated."""

    @property
    def detail(self) -> str:
        """What the storage itself said, such as `database or disk is full`, for the log: nothing of the call."""
        original = getattr(self.__cause__, "orig", self.__cause__)
        return "" if original is None else str(original).partition("\n")[0]

    @property
    def extensions(self) -> dict[str, Any]:
        """What a GraphQL error shows of it."""
        return {"code": "SERVICE_UNAVAILABLE", "retryable": True}


class DatabaseInUse(Exception):
    """Another server has this database file open."""


class DatabaseVersionError(Exception):
    """The tables of the database are not those that this program was written for."""


class DatabaseUnusable(Exception):
    """What is there is no database of this program's, or no file that can be opened."""
