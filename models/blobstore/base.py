"""What every object store can do."""

from abc import ABC, abstractmethod
from typing import BinaryIO, Final

CHUNK_BYTES: Final = 512 * 1024
"""What of a file is in memory at once where it is copied or read."""


class BlobNotFound(Exception):
    """There is nothing under that key."""


class BlobStore(ABC):
    """Contents by their keys. A key is text such as `ab/abcdef`; whoever makes keys makes each for one content only.

    Every method raises `models.errors.StorageUnavailable` where the store can't be reached, or takes no more.
    """

    @abstractmethod
    async def put(self, key: str, content: BinaryIO, size: int) -> None:
        """Store a content, whole or not at all; it survives a loss of power when this returns. It may be there already.

        Args:
            key: of which nobody stores another content.
            content: is read to its end, never whole in memory, and closed, also where the caller is cancelled.
            size: in bytes.
        """

    @abstractmethod
    async def exists(self, key: str, size: int) -> bool:
        """Whether the whole content is there, and stays through a loss of power."""

    @abstractmethod
    async def read(self, key: str, start: int, stop: int) -> bytes:
        """The bytes of a content from `start` (0: the first) up to before `stop`, which is not beyond its end.

        Raises:
            ObjectMissing: there is no such content.
        """

    @abstractmethod
    async def delete(self, key: str) -> None:
        """Remove a content for good; one that is not there is removed already."""

    async def remove_partial_uploads(self) -> None:  # noqa: B027 - most stores leave nothing behind that they can see
        """Remove what a process that was killed has left half stored."""
