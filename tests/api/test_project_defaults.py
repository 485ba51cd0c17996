"""Defaults of projects for starts."""

import asyncio
from typing import Any

import pytest

from tests.api.session_inputs import MINIMAL_INPUTS, create_project, timeouts
from tests.api.test_projects import UPDATE
from tests.api_client import ApiClient

SESSION_FIELDS = "timeoutSeconds expiresAt ... on ClientSession { geoListenEnabled language }"
FRENCH: dict[str, Any] = {"geoListenEnabled": True, "defaultLanguage": "fr", "timeouts": timeouts(CLIENT=60)}


async def update_project(api: ApiClient, **changes: Any) -> None:
    assert (await api.execute(UPDATE, input={"id": "p", **changes}))["problems"] == []


async def start_client(
    api: ApiClient, *, common: dict[str, Any] | None = None, **variant_fields: Any
) -> tuple[Any, ...]:
    """Start a CLIENT session in project `p`; returns its timeout, geoListenEnabled and language."""
    variant = {"clientSystem": "iOS", **variant_fields}
    session = await api.start_session("client", variant, SESSION_FIELDS, projectId="p", **(common or {}))
    return session["timeoutSeconds"], session["geoListenEnabled"], session["language"]


async def test_changed_defaults_apply_to_new_sessions_only(api: ApiClient) -> None:
    await create_project(api, "p", **FRENCH)
    old = await api.start_session("client", {"clientSystem": "iOS"}, SESSION_FIELDS, projectId="p")
    await update_project(api, geoListenEnabled=False, defaultLanguage="de", timeouts=timeouts(CLIENT=10))
    now = await api.session(old["id"], SESSION_FIELDS)
    assert now == old
    assert (now["timeoutSeconds"], now["geoListenEnabled"], now["language"]) == (60, True, "fr")
    assert await start_client(api) == (10, False, "de")
    await api.advance(59.999)
    alive = await api.mutate("keepaliveSession", {"id": old["id"]}, SESSION_FIELDS)
    assert (alive["problems"], alive["keepaliveSeconds"], alive["session"]["timeoutSeconds"]) == ([], 20, 60)
    await update_project(api, timeouts=None)
    assert await start_client(api) == (1800, False, "de")
    await api.advance(60)
    assert (await api.session(old["id"]))["endReason"] == "EXPIRED"


async def test_start_input_overrides_project_defaults(api: ApiClient) -> None:
    await create_project(api, "p", **FRENCH)
    assert await start_client(api, geoListenEnabled=False) == (60, False, "fr")
    assert await start_client(api, language="EN-us") == (60, True, "en")
    assert await start_client(api, common={"timeoutSeconds": 86_400}) == (86_400, True, "fr")
    nulls = await start_client(api, common={"timeoutSeconds": None}, geoListenEnabled=None, language=None)
    assert nulls == (60, True, "fr")


async def test_timeout_default_applies_to_its_kind_and_project(api: ApiClient) -> None:
    await create_project(api, "p", timeouts=timeouts(USER=77))
    own = {"client": 1800, "agenda": None, "media": 600, "field": 1800, "user": 300}
    for kind, variant in MINIMAL_INPUTS.items():
        here = await api.start_session(kind, variant, "timeoutSeconds", projectId="p")
        elsewhere = await api.start_session(kind, variant, "timeoutSeconds")
        assert here["timeoutSeconds"] == (77 if kind == "user" else own[kind])
        assert elsewhere["timeoutSeconds"] == own[kind]


@pytest.mark.parametrize("kind", ["client", "media", "field", "user"])
@pytest.mark.parametrize("seconds", [10, 86_400])
async def test_project_timeout_expires_session_to_the_millisecond(api: ApiClient, kind: str, seconds: int) -> None:
    await create_project(api, "p", timeouts=timeouts(**{kind.upper(): seconds}))
    payload = await api.start_payload(kind, MINIMAL_INPUTS[kind], "timeoutSeconds", projectId="p")
    assert payload["session"]["timeoutSeconds"] == seconds
    assert payload["keepaliveSeconds"] == min(seconds // 3, 120)
    last = min(seconds, 1800) if kind == "media" else seconds  # the stall timeout comes first
    await api.advance(last - 0.001)
    assert (await api.session(payload["session"]["id"]))["state"] == "ACTIVE"
    await api.advance(0.001)
    ended = await api.session(payload["session"]["id"], "elapsedSeconds expiresAt")
    reason = "STALLED" if last < seconds else "COMPLETED" if kind == "field" else "EXPIRED"
    assert (ended["state"], ended["endReason"]) == ("ENDED", reason)
    elapsed = seconds if kind == "field" else 0
    assert (ended["visible"], ended["elapsedSeconds"], ended["expiresAt"]) == (False, elapsed, None)


async def test_project_timeout_has_the_limits_of_a_start(api: ApiClient) -> None:
    await create_project(api, "p")
    for seconds in (-1, 0, 9, 86_401, 2**31 - 1):
        payload = await api.execute(UPDATE, input={"id": "p", "timeouts": timeouts(USER=seconds)})
        assert payload["problems"] == [{"code": "BAD_USER_INPUT", "path": ["input", "timeouts", "0", "seconds"]}]
    session = await api.start_user(projectId="p", fields="timeoutSeconds")
    assert session["timeoutSeconds"] == 300


async def test_agenda_session_without_end_has_no_timeout_from_project(api: ApiClient) -> None:
    await create_project(api, "p", timeouts=timeouts(AGENDA=None, FIELD=10))
    item = await api.start_session("agenda", MINIMAL_INPUTS["agenda"], "timeoutSeconds expiresAt", projectId="p")
    assert (item["timeoutSeconds"], item["expiresAt"]) == (None, None)
    await api.advance(10_000_000)
    await api.sweep()
    assert (await api.session(item["id"]))["state"] == "ACTIVE"


async def test_replayed_start_keeps_original_defaults(api: ApiClient) -> None:
    await create_project(api, "p", timeouts=timeouts(USER=60))
    browser = {"username": "ann", "clientId": "c" * 16}
    by_key = {"projectId": "p", "idempotencyKey": "k"}
    first = await api.start_payload("user", browser, SESSION_FIELDS, projectId="p")
    launch = await api.start_payload("client", MINIMAL_INPUTS["client"], SESSION_FIELDS, **by_key)
    await update_project(api, defaultLanguage="de", timeouts=timeouts(USER=10))
    for again, old in (
        (await api.start_payload("user", browser, SESSION_FIELDS, projectId="p"), first),
        (await api.start_payload("client", MINIMAL_INPUTS["client"], SESSION_FIELDS, **by_key), launch),
    ):
        assert again == old | {"created": False}
    await api.advance(60)
    new = await api.start_payload("user", browser, SESSION_FIELDS, projectId="p")
    assert (new["created"], new["session"]["timeoutSeconds"]) == (True, 10)


async def test_concurrent_start_sees_one_version_of_the_defaults(api: ApiClient) -> None:
    await create_project(api, "p", geoListenEnabled=False, defaultLanguage="en", timeouts=timeouts(CLIENT=10))
    versions = {(10, False, "en"), (20, True, "fr"), (30, True, "de")}
    changes = [
        update_project(api, geoListenEnabled=geo, defaultLanguage=language, timeouts=timeouts(CLIENT=seconds))
        for seconds, geo, language in sorted(versions)[1:]
    ]
    found = await asyncio.gather(
        *(start_client(api) for _ in range(10)), *changes, *(start_client(api) for _ in range(10))
    )
    assert {got for got in found if got is not None} <= versions
    assert await start_client(api) == (30, True, "de")


async def test_concurrent_updates_of_different_fields_are_all_kept(api: ApiClient) -> None:
    await create_project(api, "p")
    kinds = ["CLIENT", "MEDIA", "FIELD", "USER"]
    await asyncio.gather(
        update_project(api, name="P"),
        update_project(api, geoListenEnabled=True),
        update_project(api, defaultLanguage="de"),
        *(update_project(api, timeouts=timeouts(**{kind: 20 + n})) for n, kind in enumerate(kinds)),
    )
    found = await api.execute(
        '{ project(id: "p") { name geoListenEnabled defaultLanguage timeouts { kind seconds } } }'
    )
    assert (found["name"], found["geoListenEnabled"], found["defaultLanguage"]) == ("P", True, "de")
    assert found["timeouts"] == timeouts(CLIENT=20, AGENDA=None, MEDIA=21, FIELD=22, USER=23)
