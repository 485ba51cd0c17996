"""The multipart form of a request: `operations`, `map`, files."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import Any, Final

from transport.errors import bad_request
from transport.http.request_params import from_body
from transport.http.strict_json import loads
from transport.http.uploads.parser import MultipartReader, PartSink
from transport.http.uploads.temp_file import SpooledUpload
from transport.request import OperationRequest
from transport.settings import Limits
from transport.uploads import Upload, VariablePath

MAX_MAP_BYTES: Final = 16 * 1024
ROOT: Final = "variables"


class TextPart:
    """A part that is read whole, and then passed to `on_complete`."""

    def __init__(self, name: str, limit: int, on_complete: Callable[[bytes], None]) -> None:
        self.name = name
        self._limit = limit
        self._on_complete = on_complete
        self._content = bytearray()

    def add(self, data: bytes) -> None:
        self._content += data
        if len(self._content) > self._limit:
            raise bad_request(f"The part {self.name} is longer than {self._limit:,} bytes.", status=413)

    def finish(self) -> None:
        self._on_complete(bytes(self._content))


class MultipartForm:
    """Builds the request from a body while it arrives."""

    def __init__(self, boundary: bytes, limits: Limits, resources: ExitStack) -> None:
        self._limits = limits
        self._resources = resources
        self._reader = MultipartReader(boundary, self._open_part)
        # The required order.
        self._expected_parts = iter(
            [
                TextPart("operations", limits.body_bytes, self._read_operations),
                TextPart("map", MAX_MAP_BYTES, self._read_map),
            ]
        )
        self._request: OperationRequest | None = None
        self._file_map: dict[str, list[str]] | None = None
        self._incoming: dict[str, SpooledUpload] = {}
        self._uploads: dict[str, Upload] = {}

    async def feed(self, data: bytes) -> None:
        """Parse a chunk of the body and spool its files. Raises RequestError."""
        self._reader.feed(data)
        # Not in the callbacks of the parser, which are synchronous.
        for name, file in list(self._incoming.items()):
            if file.is_complete:
                self._uploads[name] = await file.to_upload()
                del self._incoming[name]
            elif file.should_flush:
                await file.flush()

    def build_request(self) -> OperationRequest:
        """Return the request after the last chunk. Raises RequestError if a part is missing."""
        if not self._reader.is_complete:
            raise bad_request("The body ends before its last boundary.")
        if self._request is None or self._file_map is None:
            raise bad_request("The body must have the parts operations and map.")
        if missing := self._file_map.keys() - self._uploads.keys():
            raise bad_request(f"The map names a file that the body does not have: {min(missing)}.")
        variables = self._request.variables
        upload_paths = [
            set_file(self._uploads[name], path, variables) for name, paths in self._file_map.items() for path in paths
        ]
        return replace(self._request, upload_paths=tuple(upload_paths))

    def _open_part(self, name: str, filename: str, content_type: str) -> PartSink:
        expected = next(self._expected_parts, None)
        if expected is not None:
            if name != expected.name:
                raise bad_request("The body must begin with the parts operations and map, in this order.")
            return expected
        if self._file_map is None or name not in self._file_map:
            raise bad_request("The body has a part that the map does not name.")
        if name in self._incoming or name in self._uploads:
            raise bad_request("The body has two files of the same name.")
        file = self._incoming[name] = SpooledUpload(filename, content_type, self._limits.upload_bytes, self._resources)
        return file

    def _read_operations(self, content: bytes) -> None:
        self._request = from_body(content, self._limits)

    def _read_map(self, content: bytes) -> None:
        self._file_map = read_map(content, self._limits)


def read_map(content: bytes, limits: Limits) -> dict[str, list[str]]:
    """Parse the paths of each file, by its name. Raises RequestError with BAD_REQUEST if malformed or over a limit."""
    value, _ = loads(content, limits, "The part map")
    if not (isinstance(value, dict) and all(is_path_list(paths) for paths in value.values())):
        raise bad_request("The part map must be an object whose values are lists of paths.")
    if len(value) > limits.upload_files:
        raise bad_request(f"There are {len(value):,} files, where {limits.upload_files:,} is the limit.")
    if (count := sum(len(paths) for paths in value.values())) > limits.upload_paths:
        raise bad_request(f"The map has {count:,} paths, where {limits.upload_paths:,} is the limit.")
    return value


def is_path_list(value: Any) -> bool:
    return isinstance(value, list) and len(value) > 0 and all(isinstance(path, str) for path in value)


def set_file(upload: Upload, path: str, variables: Mapping[str, Any]) -> VariablePath:
    """Replace the null at a path such as `variables.files.0` by a file.

    Raises RequestError with BAD_REQUEST if there is no null.
    """
    root, *names = path.split(".")
    container: Any = {ROOT: variables}
    keys: list[str | int] = []
    key: str | int | None = resolve_key(container, root)
    for name in names:
        container = container[key] if key is not None else None
        key = resolve_key(container, name)
        keys.append(name if key is None else key)
    if root != ROOT or not keys or key is None or container[key] is not None:
        raise bad_request(f"The map has a path without a null in the variables: {path}.")
    container[key] = upload
    return tuple(keys)


def resolve_key(container: Any, name: str) -> str | int | None:
    """Return the key or index for a segment of a path; None if the object or list does not have it."""
    if isinstance(container, dict):
        return name if name in container else None
    # `isdigit` alone accepts digits of other scripts; the length keeps int() cheap.
    if isinstance(container, list) and name.isascii() and name.isdigit() and len(name) < 6:
        return int(name) if int(name) < len(container) else None
    return None
