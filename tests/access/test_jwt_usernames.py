"""USER sessions of callers with a name: it is the default of `username`."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.access.identity_provider import SECRET, SETTINGS, Signer
from tests.access.tokens import ask, create_token
from tests.api_client import ApiClient, open_api

START: Final = """mutation($input: StartSessionInput!) { startSession(input: $input) {
    created session { id subject ... on UserSession { username } } problems { code message path } } }"""
PROVIDER: Final = Signer("k1", "HS256", SECRET)
CLIENT_ID: Final = "a-random-client-id"


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[ApiClient]:
    async with open_api(tmp_path / "test.db", jwt_secret=SECRET, **SETTINGS) as api:
        yield api


async def start(api: ApiClient, credential: str | None, user: dict[str, Any], **common: Any) -> dict[str, Any]:
    header = None if credential is None else f"Bearer {credential}"
    answer = (await ask(api, START, header, input={**common, "variant": {"user": user}})).json()
    payload: dict[str, Any] = answer["data"]["startSession"]
    return payload


async def test_user_session_takes_the_name_of_its_caller(api: ApiClient) -> None:
    for given in ({}, {"username": None}):
        payload = await start(api, PROVIDER.token(), given)
        assert (payload["problems"], payload["session"]["username"]) == ([], "ada")
        assert payload["session"]["subject"] == "ada"


async def test_given_username_is_kept(api: ApiClient) -> None:
    payload = await start(api, PROVIDER.token(), {"username": "bob"})
    assert payload["session"]["username"] == "bob"


async def test_default_name_counts_as_given_for_client_ids(api: ApiClient) -> None:
    first = await start(api, PROVIDER.token(), {"clientId": CLIENT_ID})
    again = await start(api, PROVIDER.token(), {"clientId": CLIENT_ID, "username": "ada"})
    other = await start(api, PROVIDER.token(sub="2", preferred_username="bob"), {"clientId": CLIENT_ID})
    assert (first["created"], again["created"], other["created"]) == (True, False, True)
    assert first["session"] == again["session"]


async def test_default_name_counts_as_given_for_idempotency_keys(api: ApiClient) -> None:
    first = await start(api, PROVIDER.token(), {}, idempotencyKey="k")
    # The next token of the same user, and the name spelled out.
    again = await start(api, PROVIDER.token(jti="2"), {"username": "ada"}, idempotencyKey="k")
    conflict = await start(api, PROVIDER.token(), {"username": "bob"}, idempotencyKey="k")
    other_user = await start(api, PROVIDER.token(sub="2"), {}, idempotencyKey="k")
    assert (first["created"], again["created"], other_user["created"]) == (True, False, True)
    assert again["session"] == first["session"] != other_user["session"]
    assert [problem["code"] for problem in conflict["problems"]] == ["CONFLICT"]


async def test_callers_that_are_no_users_must_give_a_name(tmp_path: Path) -> None:
    async with open_api(tmp_path / "other.db") as api:
        token = (await create_token(api, name="website", scopes=["WRITE"]))["secret"]
        for credential in (None, token):
            payload = await start(api, credential, {})
            assert payload["session"] is None
            (problem,) = payload["problems"]
            assert problem["path"] == ["input", "variant", "user", "username"]
            assert problem["message"] == "must be given: the caller has no name of its own"
