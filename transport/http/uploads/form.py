"""The form of the specification: `operations`, `map`, files."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace

from transport.errors import bad_request
from transport.http.request_params import from_body
from transport.http.uploads.file_map import put, read_map
from transport.http.uploads.parser import Part, Parts
from transport.http.uploads.temp_file import Incoming
from transport.request import OperationRequest
from transport.settings import Limits
from transport.uploads import Upload

MAP_BYTES = 16 * 1024


class Text:
    """A part that is read whole, and then handed on."""

    def __init__(self, name: str, limit: int, done: Callable[[bytes], None]) -> None:
        self.name = name
        self._limit = limit
        self._done = done
        self._content = bytearray()

    def add(self, data: bytes) -> None:
        """Take some."""
        self._content += data
        if len(self._content) > self._limit:
            raise bad_request(f"The part {self.name} is longer than {self._limit:,} bytes.", status=413)

    def end(self) -> None:
        """That was all."""
        self._done(bytes(self._content))


class Form:
    """Takes a body as it arrives, and has the request in the end."""

    def __init__(self, boundary: bytes, limits: Limits, keep: ExitStack) -> None:
        self._limits = limits
        self._keep = keep
        self._parts = Parts(boundary, self._begin)
        # In the order in which they must come.
        self._expected = iter(
            [
                Text("operations", limits.body_bytes, self._read_operations),
                Text("map", MAP_BYTES, self._read_map),
            ]
        )
        self._request: OperationRequest | None = None
        self._map: dict[str, list[str]] | None = None
        self._arriving: dict[str, Incoming] = {}
        self._uploads: dict[str, Upload] = {}

    async def feed(self, data: bytes) -> None:
        """Take a piece of the body, and write what belongs to files. Raises Refusal."""
        self._parts.feed(data)
        for name, file in list(self._arriving.items()):
            if file.complete:
                self._uploads[name] = await file.upload()
                del self._arriving[name]
            elif file.waits:
                await file.write()

    def request(self) -> OperationRequest:
        """The request, when the whole body has been fed. Raises Refusal if something is missing."""
        if not self._parts.ended:
            raise bad_request("The body ends before its last boundary.")
        if self._request is None or self._map is None:
            raise bad_request("The body must have the parts operations and map.")
        if missing := self._map.keys() - self._uploads.keys():
            raise bad_request(f"The map names a file that is not there: {min(missing)}.")
        variables = self._request.variables
        places = [put(self._uploads[name], path, variables) for name, paths in self._map.items() for path in paths]
        return replace(self._request, files=tuple(places))

    def _begin(self, name: str, filename: str, content_type: str) -> Part:
        expected = next(self._expected, None)
        if expected is not None:
            if name != expected.name:
                raise bad_request("The body must begin with the parts operations and map, in this order.")
            return expected
        if self._map is None or name not in self._map:
            raise bad_request("The body has a part that the map does not name.")
        if name in self._arriving or name in self._uploads:
            raise bad_request("The body has two files of the same name.")
        file = self._arriving[name] = Incoming(filename, content_type, self._limits.upload_bytes, self._keep)
        return file

    def _read_operations(self, content: bytes) -> None:
        self._request = from_body(content, self._limits)

    def _read_map(self, content: bytes) -> None:
        self._map = read_map(content, self._limits)
