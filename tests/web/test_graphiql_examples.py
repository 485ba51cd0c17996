"""The example tabs of GraphiQL, without a browser."""

import json
import re
from typing import Any

import pytest
from graphql import OperationDefinitionNode, OperationType, parse, validate

from schema import graphql_schema
from tests.api.session_inputs import MEDIA, MINIMAL_INPUTS
from tests.api_client import ApiClient
from web import pages

START_PLAYER_TIME = {"playhead": 0, "ts": "2026-01-15T19:15:24.153Z"}
"""As in the example that starts a MEDIA session: another example sends its later events."""
EXAMPLES = {example["name"]: example for example in pages.examples()}


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_is_valid(name: str) -> None:
    assert validate(graphql_schema, parse(EXAMPLES[name]["query"])) == []


async def test_examples_run_without_errors_and_problems(api: ApiClient) -> None:
    started = {"4a-keep-alive": (await api.start_user())["id"]}
    started["4b-track-media"] = (await api.start_session("media", MEDIA | {"playerTime": START_PLAYER_TIME}))["id"]
    started["4c-update-agenda"] = (await api.start_session("agenda", MINIMAL_INPUTS["agenda"]))["id"]
    for example in EXAMPLES.values():
        variables = json.loads(example["variables"] or "{}")
        input_variables = variables | ({"id": started[example["name"]]} if "id" in variables else {})
        for definition in parse(example["query"]).definitions:
            if not isinstance(definition, OperationDefinitionNode) or definition.name is None:
                continue
            if definition.operation == OperationType.SUBSCRIPTION:
                continue  # endless; tests/subscriptions covers it
            body = {"query": example["query"], "variables": input_variables, "operationName": definition.name.value}
            response: dict[str, Any] = (await api.http.post("/graphql", json=body)).json()
            assert "errors" not in response, (example["name"], response)
            assert not re.search(r'"problems": \[\{', json.dumps(response)), (example["name"], response)
