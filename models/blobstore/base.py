"""Interface of blob stores."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Final

from models.errors import StorageUnavailable

CHUNK_BYTES: Final = 512 * 1024
"""Most of a file that is in memory at once while it is copied or read."""


class BlobNotFound(Exception):
    """There is no blob with that key."""


@contextmanager
def as_unavailable(*errors: type[Exception]) -> Iterator[None]:
    """Convert these errors, and OSError, to StorageUnavailable."""
    caught: tuple[type[Exception], ...] = (OSError, *errors)
    try:
        yield
    except caught as error:
        raise StorageUnavailable("files cannot be stored or read at the moment; repeat the call") from error


class BlobStore(ABC):
    """Blobs by key, such as `ab/abcdef`. A key is never used again for another content.

    Every method raises `models.errors.StorageUnavailable` if the store is unreachable or full.
    """

    @abstractmethod
    async def put(self, key: str, content: BinaryIO, size: int) -> None:
        """Store a blob of `size` bytes atomically, durable on return. It may exist already.

        Reads `content` to its end in chunks, and closes it even if the caller is cancelled.
        """

    @abstractmethod
    async def exists(self, key: str, size: int) -> bool:
        """Check that the whole blob is stored, and make it durable."""

    @abstractmethod
    async def read(self, key: str, start: int, stop: int) -> bytes:
        """Read the bytes from `start` up to, not including, `stop`.

        Raises:
            BlobNotFound: there is no such blob.
        """

    @abstractmethod
    async def delete(self, key: str) -> None:
        """Delete a blob durably, if it exists."""

    @abstractmethod
    async def sizes(self) -> dict[str, int]:
        """Return the size in bytes of each stored blob, by its key."""

    async def remove_partial_uploads(self) -> None:  # noqa: B027 - optional hook
        """Remove what killed processes have left half stored."""
