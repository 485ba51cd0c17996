"""The memory for documents, and which operation of a document runs."""

from typing import Any

import graphql
import pytest
from graphql import DocumentNode, build_schema

from tests.transport.fake_app import GraphQLClient, error_codes, with_limits
from transport.documents.lru_cache import LRUCache
from transport.documents.store import DocumentStore
from transport.errors import RequestError

SCHEMA = build_schema("type Query { a: Int b: Int }")


@pytest.fixture
def parsed_texts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that were parsed."""
    texts: list[str] = []

    def parse(text: str, **options: Any) -> DocumentNode:
        texts.append(text)
        return graphql.parse(text, **options)

    monkeypatch.setattr("transport.documents.parse.parse", parse)
    return texts


def test_a_document_is_parsed_once(parsed_texts: list[str]) -> None:
    memory = DocumentStore(SCHEMA, with_limits())
    assert memory.get("{a}") is memory.get("{a}")
    assert parsed_texts == ["{a}"]


@pytest.mark.parametrize("text", ["{", "{c}", "{" + "a " * 3_000 + "}"])
def test_a_refusal_is_worked_out_once_and_raised_anew(parsed_texts: list[str], text: str) -> None:
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


def test_bad_documents_do_not_push_out_good_ones(parsed_texts: list[str]) -> None:
    memory = DocumentStore(SCHEMA, with_limits(cached_documents=2))
    memory.get("{a}")
    for number in range(10):
        with pytest.raises(RequestError):
            memory.get(f"{{c{number}}}")
    memory.get("{a}")
    assert parsed_texts.count("{a}") == 1


def test_the_document_not_used_for_longest_is_forgotten_first() -> None:
    memory = LRUCache[str](count=2, weight=100)
    memory.put("a", "A", 1)
    memory.put("b", "B", 1)
    assert memory.get("a") == "A"
    memory.put("c", "C", 1)
    assert [memory.get(key) for key in "abc"] == ["A", None, "C"]


def test_the_memory_is_bounded_by_weight_too() -> None:
    memory = LRUCache[str](count=100, weight=10)
    for key in "abcdef":
        memory.put(key, key, 4)
    assert (len(memory), memory.get("f"), memory.get("d")) == (2, "f", None)
    memory.put("heavy", "heavy", 11)
    assert (len(memory), memory.get("heavy")) == (2, None)
    memory.put("f", "F", 10)
    assert (len(memory), memory.get("f")) == (1, "F")


async def test_the_named_operation_runs(client: GraphQLClient) -> None:
    document = "query one{hello} query two{__typename}"
    assert (await client.execute(document, operationName="two")).json() == {"data": {"__typename": "Query"}}
    assert (await client.execute("query one{hello}")).status_code == 200


@pytest.mark.parametrize("name", [None, "", "three", "x" * 10_000, "One"])
async def test_an_operation_that_cannot_be_told_is_refused(client: GraphQLClient, name: str | None) -> None:
    response = await client.execute("query one{hello} query two{hello}", operationName=name)
    assert (response.status_code, error_codes(response)) == (400, ["OPERATION_RESOLUTION_FAILURE"])
    assert len(response.content) < 500


async def test_an_unnamed_operation_does_not_answer_to_a_name(client: GraphQLClient) -> None:
    assert error_codes(await client.execute("{hello}", operationName="hello")) == ["OPERATION_RESOLUTION_FAILURE"]


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "{ }",
        "query Q {}",
        "mutation {}",
        "subscription {}",
        "{item{}}",
        "{...F} fragment F on Query {}",
        "{... on Query {} hello}",
        "{__schema {}}",
    ],
)
async def test_an_empty_selection_is_a_syntax_error(client: GraphQLClient, text: str) -> None:
    response = await client.execute(text)
    assert (response.status_code, error_codes(response)) == (400, ["GRAPHQL_PARSE_FAILED"])
    assert response.json()["errors"][0]["locations"]
