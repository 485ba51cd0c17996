"""Files on their way in: what the models need to know of them, whatever brings them."""

from typing import BinaryIO, Final, Protocol, runtime_checkable

OCTET_STREAM: Final = "application/octet-stream"
"""The media type of what is not known."""


@runtime_checkable
class UploadedFile(Protocol):
    """A file that came with an operation; it is there as long as that runs, or as somebody has it open."""

    @property
    def filename(self) -> str:
        """As the client calls it: at most 255 characters, without folders; "" without a name. Good to show only."""

    @property
    def content_type(self) -> str:
        """The media type that the client names, without parameters; `UNKNOWN_TYPE` where it names none."""

    @property
    def size(self) -> int:
        """In bytes."""

    @property
    def sha256(self) -> str:
        """Of the content, in hexadecimal, lower case."""

    def open(self) -> BinaryIO:
        """The content from its beginning, for a reader of its own, who closes it. Reading blocks."""
