"""The manifest of trusted documents, as the build tools of clients write it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import orjson
from graphql import GraphQLSyntaxError, parse

APOLLO_FORMAT: Final = "apollo-persisted-query-manifest"


def read_manifest(path: Path) -> dict[str, str]:
    """Read the documents of a manifest, by id.

    Either an object of ids and texts (Relay, GraphQL Code Generator), or Apollo's manifest:
    `{"format": "apollo-persisted-query-manifest", "version": 1, "operations": [{"id": …, "body": …}]}`.

    Raises:
        ValueError: the file is unreadable or malformed; the message is one line.
    """
    try:
        content = orjson.loads(path.read_bytes())
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    except orjson.JSONDecodeError:
        raise ValueError(f"{path} is not JSON") from None
    documents: dict[str, str] = {}
    for name, text in manifest_entries(content, path):
        if not (isinstance(name, str) and name and isinstance(text, str)):
            raise ValueError(f"{path} has a document whose id or text is not a string")
        if documents.setdefault(name, text) != text:
            raise ValueError(f"{path} has two documents with the id {name}")
        try:
            parse(text, no_location=True, allow_empty_selection_sets=False)
        except GraphQLSyntaxError as error:
            raise ValueError(f"{path} has a document {name} that is not GraphQL: {error.message}") from None
    return documents


def manifest_entries(content: Any, path: Path) -> Iterable[tuple[Any, Any]]:
    match content:
        case {"format": str(name), "version": 1, "operations": [*operations]} if name == APOLLO_FORMAT:
            return [
                (item.get("id"), item.get("body")) if isinstance(item, dict) else (None, None) for item in operations
            ]
        case dict() if "format" not in content:
            return content.items()
        case dict():
            raise ValueError(f"{path} is not a manifest of format {APOLLO_FORMAT}, version 1")
    raise ValueError(f"{path} is not a JSON object")
