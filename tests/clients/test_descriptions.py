"""Descriptions in the introspected schema."""

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from graphql import get_introspection_query

from tests.live_server import Server

pytestmark = pytest.mark.clients


def undescribed(types: list[dict[str, Any]]) -> Iterator[str]:
    for kind in types:
        if kind["name"].startswith("__"):
            continue
        if not kind["description"]:
            yield kind["name"]
        for field in (kind["fields"] or []) + (kind["inputFields"] or []):
            name = f"{kind['name']}.{field['name']}"
            if not field["description"]:
                yield name
            yield from (f"{name}({arg['name']}:)" for arg in field.get("args", ()) if not arg["description"])


def test_every_type_field_and_argument_has_a_description(server: Server) -> None:
    answer = httpx2.post(server.graphql, json={"query": get_introspection_query()}).json()
    assert list(undescribed(answer["data"]["__schema"]["types"])) == []
