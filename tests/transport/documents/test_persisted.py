"""Automatic persisted queries."""

from hashlib import sha256
from typing import Any

import orjson
import pytest

from tests.transport.fake_app import FakeApp, GraphQLClient, error_codes, open_client, with_limits
from transport import TransportSettings

QUERY = "query($name:String){hello(name:$name)}"


def persisted_extensions(text: str, **members: Any) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": sha256(text.encode()).hexdigest(), **members}}


async def test_document_is_found_by_hash_after_registration(client: GraphQLClient) -> None:
    unknown = await client.post({"extensions": persisted_extensions(QUERY)})
    assert (unknown.status_code, error_codes(unknown)) == (400, ["PERSISTED_QUERY_NOT_FOUND"])
    assert unknown.json()["errors"][0]["message"] == "PersistedQueryNotFound"
    assert "data" not in unknown.json()

    for members in ({"query": QUERY}, {}, {}):
        response = await client.post(
            {**members, "extensions": persisted_extensions(QUERY), "variables": {"name": "Ann"}}
        )
        assert (response.status_code, response.json()) == (200, {"data": {"hello": "Hello, Ann"}})


async def test_unknown_hash_is_200_with_legacy_media_type(client: GraphQLClient) -> None:
    response = await client.post({"extensions": persisted_extensions(QUERY)}, accept="application/json")
    assert (response.status_code, error_codes(response)) == (200, ["PERSISTED_QUERY_NOT_FOUND"])
    assert response.headers["cache-control"] == "no-store"


async def test_get_registers_and_finds_documents_by_hash(client: GraphQLClient) -> None:
    extensions = orjson.dumps(persisted_extensions(QUERY)).decode()
    assert error_codes(await client.get(extensions=extensions)) == ["PERSISTED_QUERY_NOT_FOUND"]
    assert (await client.get(query=QUERY, extensions=extensions)).json() == {"data": {"hello": "Hello, you"}}
    named = await client.get(extensions=extensions, variables='{"name":"Bo"}')
    assert named.json() == {"data": {"hello": "Hello, Bo"}}


async def test_mutation_by_hash_requires_post(client: GraphQLClient, fake_app: FakeApp) -> None:
    text = "mutation{write}"
    assert (await client.post({"query": text, "extensions": persisted_extensions(text)})).status_code == 200
    assert (await client.get(extensions=orjson.dumps(persisted_extensions(text)).decode())).status_code == 405
    assert fake_app.written == [None]


async def test_document_id_with_sha256_prefix_finds_registered_document(client: GraphQLClient) -> None:
    await client.execute(QUERY, extensions=persisted_extensions(QUERY))
    id_ = "sha256:" + sha256(QUERY.encode()).hexdigest()
    assert (await client.post({"documentId": id_})).json() == {"data": {"hello": "Hello, you"}}


async def test_document_with_other_hash_is_refused_and_not_registered(client: GraphQLClient, fake_app: FakeApp) -> None:
    response = await client.execute("{hello}", extensions=persisted_extensions(QUERY))
    assert (response.status_code, error_codes(response)) == (400, ["BAD_REQUEST"])
    assert error_codes(await client.post({"extensions": persisted_extensions(QUERY)})) == ["PERSISTED_QUERY_NOT_FOUND"]
    assert fake_app.resolvers_called == 0


@pytest.mark.parametrize("text", ["{", "{unknown}", "{" + "hello " * 3_000 + "}"])
async def test_invalid_document_is_not_registered(client: GraphQLClient, text: str) -> None:
    assert error_codes(await client.execute(text, extensions=persisted_extensions(text))) != [
        "PERSISTED_QUERY_NOT_FOUND"
    ]
    assert error_codes(await client.post({"extensions": persisted_extensions(text)})) == ["PERSISTED_QUERY_NOT_FOUND"]


WRONG_HASHES = [{"version": 1}, {"version": 1, "sha256Hash": 5}]
WRONG_VERSIONS = [{"sha256Hash": "x"}, {"version": 2, "sha256Hash": "x"}, {"version": "1", "sha256Hash": "x"}]


@pytest.mark.parametrize("extension", ["x", [1], 1, *WRONG_HASHES, *WRONG_VERSIONS])
async def test_malformed_extension_is_400(client: GraphQLClient, extension: Any) -> None:
    for members in ({}, {"query": QUERY}):
        response = await client.post({**members, "extensions": {"persistedQuery": extension}})
        assert (response.status_code, error_codes(response)) == (400, ["BAD_REQUEST"])


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"extensions": {}},
        {"extensions": {"persistedQuery": None}},
        {"documentId": ""},
        {"documentId": 5},
        {"id": ["x"]},
        {"query": 1, "extensions": persisted_extensions(QUERY)},
        {"query": 1, "documentId": "x"},
    ],
)
async def test_request_without_document_or_name_is_400(client: GraphQLClient, members: dict[str, Any]) -> None:
    response = await client.post(members)
    assert (response.status_code, error_codes(response)) == (400, ["BAD_REQUEST"])
    assert "no query" in response.json()["errors"][0]["message"]


@pytest.mark.parametrize("limits", [{"persisted_documents": 2}, {"persisted_bytes": 2 * len("{a0:hello}")}])
async def test_registered_documents_are_bounded(fake_app: FakeApp, limits: dict[str, int]) -> None:
    texts = [f"{{a{number}:hello}}" for number in range(3)]
    async with open_client(fake_app, with_limits(**limits)) as client:
        for text in texts:
            await client.execute(text, extensions=persisted_extensions(text))
        known = [not error_codes(await client.post({"extensions": persisted_extensions(text)})) for text in texts]
    assert known == [False, True, True]


async def test_disabled_persisted_queries_are_not_supported(fake_app: FakeApp) -> None:
    async with open_client(fake_app, TransportSettings(persisted_queries=False)) as client:
        assert (await client.execute(QUERY, extensions=persisted_extensions(QUERY))).json() == {
            "data": {"hello": "Hello, you"}
        }
        response = await client.post({"extensions": persisted_extensions(QUERY)}, accept="application/json")
        assert (response.status_code, error_codes(response)) == (200, ["PERSISTED_QUERY_NOT_SUPPORTED"])
        assert response.json()["errors"][0]["message"] == "PersistedQueryNotSupported"
