"""A streaming multipart parser that checks the headers of each part."""

import logging
import re
from collections.abc import Callable
from typing import Final, Protocol
from unicodedata import category

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from transport.errors import bad_request

MAX_PART_HEADERS: Final = 8
MAX_HEADER_BYTES: Final = 2_048
MAX_PREAMBLE_BYTES: Final = 4_096  # bytes allowed before the first part

MAX_FILENAME_LENGTH: Final = 255
MEDIA_TYPE_PATTERN: Final = re.compile(r"[a-z0-9!#$&^_.+-]{1,127}/[a-z0-9!#$&^_.+-]{1,127}")

# It warns of each malformed body, unstructured; the request has a line in the log anyway.
logging.getLogger("python_multipart").setLevel(logging.CRITICAL)


class PartSink(Protocol):
    """The destination of a part. Both methods raise RequestError if they reject it."""

    def add(self, data: bytes) -> None: ...
    def finish(self) -> None: ...


OpenPart = Callable[[str, str, str], PartSink]
"""Returns the destination of the part with this name, filename ("" without one) and content type."""


class MultipartReader:
    """Splits a body into its parts while it arrives."""

    def __init__(self, boundary: bytes, open_part: OpenPart) -> None:
        self._open_part = open_part
        self._parser = MultipartParser(
            boundary,
            {
                "on_header_begin": self._on_header_begin,
                "on_header_field": self._on_header_field,
                "on_header_value": self._on_header_value,
                "on_header_end": self._on_header_end,
                "on_part_begin": self._on_part_begin,
                "on_headers_finished": self._on_headers_finished,
                "on_part_data": self._on_part_data,
                "on_part_end": self._on_part_end,
                "on_end": self._on_end,
            },
            max_header_count=MAX_PART_HEADERS,
            max_header_size=MAX_HEADER_BYTES,
        )
        self._headers: dict[str, str] = {}
        self._name = self._value = b""
        self._part: PartSink | None = None
        self._received = 0
        self._started = False
        self.is_complete = False
        """Whether the final boundary has been read."""

    def feed(self, data: bytes) -> None:
        """Parse a chunk of the body. Raises RequestError: BAD_REQUEST, or those of a part."""
        try:
            self._parser.write(data)
        except FormParserError:
            raise bad_request("The body is not well-formed multipart/form-data.") from None
        self._received += len(data)  # python-multipart skips a preamble of any length
        if not self._started and self._received > MAX_PREAMBLE_BYTES:
            raise bad_request("The body does not begin with its boundary.")

    def _on_part_begin(self) -> None:
        self._started = True
        self._headers = {}

    def _on_header_begin(self) -> None:
        self._name = self._value = b""

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        name = self._name.decode("latin-1").lower()
        if name in self._headers:  # parsers disagree on which of the two counts
            raise bad_request("A part of the body has a header twice.")
        self._headers[name] = self._value.decode("latin-1")

    def _on_headers_finished(self) -> None:
        kind, options = parse_options_header(self._headers.get("content-disposition"))
        if kind != b"form-data" or not (name := parse_option(options, b"name")):
            raise bad_request("Each part of the body must have a Content-Disposition of form-data with a name.")
        encoding = self._headers.get("content-transfer-encoding", "binary").strip().lower()
        if encoding not in ("7bit", "8bit", "binary"):
            raise bad_request("The parts of the body must not be encoded.")
        filename = sanitize_filename(parse_option(options, b"filename"))
        self._part = self._open_part(name, filename, parse_media_type(self._headers.get("content-type", "")))

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        assert self._part is not None, "headers come first"
        self._part.add(data[start:end])

    def _on_part_end(self) -> None:
        assert self._part is not None, "headers come first"
        self._part.finish()

    def _on_end(self) -> None:
        self.is_complete = True


def parse_option(options: dict[bytes, bytes], name: bytes) -> str:
    """Return a parameter of a Content-Disposition, where browsers write UTF-8; "" if absent."""
    return options.get(name, b"").decode("utf-8", "replace")


def sanitize_filename(filename: str) -> str:
    """Remove folders (of any system) and control characters, and shorten the name."""
    name = "".join(character for character in re.split(r"[/\\]", filename)[-1] if category(character) != "Cc")
    return "" if name in (".", "..") else name[:MAX_FILENAME_LENGTH]


def parse_media_type(content_type: str) -> str:
    """Return a Content-Type without parameters."""
    name = content_type.partition(";")[0].strip().lower()
    return name if MEDIA_TYPE_PATTERN.fullmatch(name) else "application/octet-stream"
