"""Uploaded file, as the models need it, whatever transport received it."""

from typing import BinaryIO, Final, Protocol, runtime_checkable

OCTET_STREAM: Final = "application/octet-stream"


@runtime_checkable
class UploadedFile(Protocol):
    """A file of an operation; exists until the operation ends and its last reader is closed."""

    @property
    def filename(self) -> str:
        """Client's name of the file without folders, at most 255 characters; may be empty. For display only."""

    @property
    def content_type(self) -> str:
        """Media type that the client declares, without parameters; `OCTET_STREAM` if it declares none."""

    @property
    def size(self) -> int:
        """Size in bytes."""

    @property
    def sha256(self) -> str:
        """Digest of the content, lower-case hexadecimal."""

    def open(self) -> BinaryIO:
        """Open an independent reader at the start of the content; its caller closes it. Reading blocks."""
