"""The document cache, and selection of the operation."""

import tracemalloc
from typing import Any

import graphql
import pytest
from graphql import DocumentNode, build_schema

from tests.transport.fake_app import GraphQLClient, error_codes, with_limits
from transport.documents.operation import variables_key
from transport.documents.store import DocumentStore, WeightedCache
from transport.errors import RequestError

SCHEMA = build_schema("type Query { a: Int b: Int }")


@pytest.fixture
def parsed_texts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record the parsed texts."""
    texts: list[str] = []

    def parse(text: str, **options: Any) -> DocumentNode:
        texts.append(text)
        return graphql.parse(text, **options)

    monkeypatch.setattr("transport.documents.parse.parse", parse)
    return texts


def test_document_is_parsed_once(parsed_texts: list[str]) -> None:
    memory = DocumentStore(SCHEMA, with_limits())
    assert memory.get("{a}") is memory.get("{a}")
    assert parsed_texts == ["{a}"]


@pytest.mark.parametrize("text", ["{", "{c}", "{" + "a " * 3_000 + "}"])
def test_refused_document_is_parsed_once_and_raised_anew(parsed_texts: list[str], text: str) -> None:
    memory = DocumentStore(SCHEMA, with_limits())
    raised = []
    for _ in range(3):
        with pytest.raises(RequestError) as caught:
            memory.get(text)
        raised.append(caught.value)
    assert len(parsed_texts) == 1
    assert len({id(refusal) for refusal in raised}) == 3
    assert raised[0].errors == raised[2].errors
    assert (raised[0].status, raised[0].legacy_status) == (raised[2].status, raised[2].legacy_status)


def test_invalid_documents_do_not_evict_valid_ones(parsed_texts: list[str]) -> None:
    memory = DocumentStore(SCHEMA, with_limits(cached_documents=2))
    memory.get("{a}")
    for number in range(10):
        with pytest.raises(RequestError):
            memory.get(f"{{c{number}}}")
    memory.get("{a}")
    assert parsed_texts.count("{a}") == 1


def test_least_recently_used_document_is_evicted_first() -> None:
    cache = WeightedCache[str](2, 100, len)
    cache["a"] = "A"
    cache["b"] = "B"
    assert cache.get("a") == "A"
    cache["c"] = "C"
    assert [cache.get(key) for key in "abc"] == ["A", None, "C"]


def test_cache_is_bounded_by_weight() -> None:
    cache = WeightedCache[str](100, 10, len)
    for key in "abcdef":
        cache[key] = 4 * key
    assert (len(cache), cache.get("f"), cache.get("d")) == (2, "ffff", None)
    cache["heavy"] = 11 * "h"
    assert (len(cache), cache.get("heavy")) == (2, None)
    cache["f"] = 10 * "F"
    assert (len(cache), cache.get("f")) == (1, 10 * "F")


async def test_named_operation_runs(client: GraphQLClient) -> None:
    document = "query one{hello} query two{__typename}"
    assert (await client.execute(document, operationName="two")).json() == {"data": {"__typename": "Query"}}
    assert (await client.execute("query one{hello}")).status_code == 200


@pytest.mark.parametrize("name", [None, "", "three", "x" * 10_000, "One"])
async def test_unresolvable_operation_name_is_refused(client: GraphQLClient, name: str | None) -> None:
    response = await client.execute("query one{hello} query two{hello}", operationName=name)
    assert (response.status_code, error_codes(response)) == (400, ["OPERATION_RESOLUTION_FAILURE"])
    assert len(response.content) < 500


async def test_anonymous_operation_has_no_name(client: GraphQLClient) -> None:
    assert error_codes(await client.execute("{hello}", operationName="hello")) == ["OPERATION_RESOLUTION_FAILURE"]


EMPTY = ("{}", "{ }", "query Q {}", "mutation {}", "subscription {}", "{item{}}", "{__schema {}}")


@pytest.mark.parametrize("text", [*EMPTY, "{...F} fragment F on Query {}", "{... on Query {} hello}"])
async def test_empty_selection_is_syntax_error(client: GraphQLClient, text: str) -> None:
    response = await client.execute(text)
    assert (response.status_code, error_codes(response)) == (400, ["GRAPHQL_PARSE_FAILED"])
    assert response.json()["errors"][0]["locations"]


def test_keys_of_variables_take_little_memory() -> None:
    tracemalloc.start()
    try:
        keys = [variables_key({"number": number}) for number in range(100)]
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(set(keys)) == 100
    assert held < 100 * 200
