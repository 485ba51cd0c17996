"""The file with the trusted documents, as the build of a client writes it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson
from graphql import GraphQLSyntaxError, parse

APOLLO_FORMAT = "apollo-persisted-query-manifest"


def read_manifest(path: Path) -> dict[str, str]:
    """The documents of a manifest, by id.

    Either an object whose members are id and text (Relay, GraphQL Code Generator), or the manifest of Apollo's tools:
    `{"format": "apollo-persisted-query-manifest", "version": 1, "operations": [{"id": …, "body": …}]}`.

    Raises:
        ValueError: it cannot be read, or is not that; the message is one line.
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
    """Pairs of id and text."""
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
