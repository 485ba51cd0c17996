"""The example tabs of GraphiQL, without a browser."""

import json
import re
from typing import Any

import pytest
from graphql import OperationDefinitionNode, OperationType, parse, validate

from schema import graphql_schema
from tests.world import World
from web import pages

EXAMPLES = {example["name"]: example for example in pages.examples()}


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_example_is_valid(name: str) -> None:
    assert validate(graphql_schema, parse(EXAMPLES[name]["query"])) == []


async def test_each_example_does_what_it_says(world: World) -> None:
    started = (await world.user())["id"]
    for example in EXAMPLES.values():
        variables = json.loads(example["variables"] or "{}")
        given = {name: started if name == "id" else value for name, value in variables.items()}
        for definition in parse(example["query"]).definitions:
            if not isinstance(definition, OperationDefinitionNode) or definition.name is None:
                continue
            if definition.operation == OperationType.SUBSCRIPTION:
                continue  # it goes on for ever; `tests.feed` follows it
            body = {"query": example["query"], "variables": given, "operationName": definition.name.value}
            answer: dict[str, Any] = (await world.client.post("/graphql", json=body)).json()
            assert "errors" not in answer, (example["name"], answer)
            assert not re.search(r'"problems": \[\{', json.dumps(answer)), (example["name"], answer)
