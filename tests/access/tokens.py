"""Tokens for tests, and requests with them."""

from typing import Any

import httpx2

from tests.api_client import ApiClient

VIEWER = "{ viewer { name scopes projects } }"
CREATE = """mutation($input: CreateTokenInput!) { createToken(input: $input) {
    secret token { id name scopes projectIds kinds origins expiresAt revokedAt } problems { code message path } } }"""
REVOKE = (
    """mutation($id: ID!) { revokeToken(input: {id: $id}) { token { id revokedAt } problems { code message path } } }"""
)


async def create_token(api: ApiClient, authorization: str | None = None, **values: Any) -> dict[str, Any]:
    """Create a token, as the local administrator without a header Authorization. Returns the payload."""
    payload: dict[str, Any] = (await ask(api, CREATE, authorization, input=values)).json()["data"]["createToken"]
    assert payload["problems"] == []
    return payload


async def ask(api: ApiClient, document: str, authorization: str | None = None, **variables: Any) -> httpx2.Response:
    """Send an operation with a header Authorization."""
    headers = {b"accept": b"application/graphql-response+json"}
    if authorization is not None:
        headers[b"authorization"] = authorization.encode("latin-1")
    return await api.http.post("/graphql", json={"query": document, "variables": variables}, headers=headers)


async def revoke_token(api: ApiClient, created: dict[str, Any], authorization: str | None = None) -> dict[str, Any]:
    """Revoke a token by the payload of its creation. Returns the payload."""
    response = await ask(api, REVOKE, authorization, id=created["token"]["id"])
    payload: dict[str, Any] = response.json()["data"]["revokeToken"]
    assert payload["problems"] == []
    return payload
