"""The file map: which file goes to which paths in the variables."""

from collections.abc import Mapping
from typing import Any

from transport.errors import RequestError, bad_request
from transport.http.strict_json import loads
from transport.settings import Limits
from transport.uploads import Upload, VariablePath

ROOT = "variables"


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
        raise invalid_path(path)
    container[key] = upload
    return tuple(keys)


def resolve_key(container: Any, name: str) -> str | int | None:
    """Return the key or index for a segment of a path; None if the object or list does not have it."""
    if isinstance(container, dict):
        return name if name in container else None
    if isinstance(container, list) and name.isascii() and name.isdigit() and len(name) < 6:
        return int(name) if int(name) < len(container) else None
    return None


def invalid_path(path: str) -> RequestError:
    return bad_request(f"The map has a path without a null in the variables: {path}.")
