"""What a project says where a start is silent: when it counts, and for which sessions."""

import asyncio
from typing import Any

import pytest

from tests.api.session_inputs import LEAST, project
from tests.api.test_projects import UPDATE
from tests.api_client import World

OWN = "geoListenEnabled language"
SHOWN = f"timeoutSeconds expiresAt ... on ClientSession {{ {OWN} }}"


async def says(world: World, **changes: Any) -> None:
    """Change the project `p`."""
    assert (await world.ask(UPDATE, id="p", input=changes))["problems"] == []


async def app(world: World, *, common: dict[str, Any] | None = None, **own: Any) -> tuple[Any, ...]:
    """What a launch of an app in the project `p` gets."""
    variant = {"clientSystem": "iOS", **own}
    session = await world.started("client", variant, SHOWN, projectId="p", **(common or {}))
    return session["timeoutSeconds"], session["geoListenEnabled"], session["language"]


async def test_sessions_keep_what_they_began_with_and_new_ones_get_what_the_project_says_now(world: World) -> None:
    await project(world, "p", geoListenEnabled=True, defaultLanguage="fr", timeouts=[{"kind": "CLIENT", "seconds": 60}])
    old = await world.started("client", {"clientSystem": "iOS"}, SHOWN, projectId="p")
    await says(world, geoListenEnabled=False, defaultLanguage="de", timeouts=[{"kind": "CLIENT", "seconds": 10}])
    now = await world.session(old["id"], SHOWN)
    assert now == old
    assert (now["timeoutSeconds"], now["geoListenEnabled"], now["language"]) == (60, True, "fr")
    assert await app(world) == (10, False, "de")
    await world.advance(59.999)
    alive = await world.mutate("keepaliveSession", {"id": old["id"]}, SHOWN)
    assert (alive["problems"], alive["keepaliveSeconds"], alive["session"]["timeoutSeconds"]) == ([], 20, 60)
    await says(world, timeouts=None)
    assert await app(world) == (1800, False, "de")
    await world.advance(60)
    assert (await world.session(old["id"]))["endReason"] == "EXPIRED"


async def test_what_a_start_says_wins_also_where_it_says_no(world: World) -> None:
    await project(world, "p", geoListenEnabled=True, defaultLanguage="fr", timeouts=[{"kind": "CLIENT", "seconds": 60}])
    assert await app(world, geoListenEnabled=False) == (60, False, "fr")
    assert await app(world, language="EN-us") == (60, True, "en")
    assert await app(world, common={"timeoutSeconds": 86_400}) == (86_400, True, "fr")
    assert await app(world, common={"timeoutSeconds": None}, geoListenEnabled=None, language=None) == (60, True, "fr")


async def test_what_a_project_says_of_one_kind_is_for_that_kind_and_that_project(world: World) -> None:
    await project(world, "p", timeouts=[{"kind": "USER", "seconds": 77}])
    own = {"client": 1800, "agenda": None, "media": 600, "field": None, "user": 300}
    for kind, variant in LEAST.items():
        here = await world.started(kind, variant, "timeoutSeconds", projectId="p")
        elsewhere = await world.started(kind, variant, "timeoutSeconds")
        assert here["timeoutSeconds"] == (77 if kind == "user" else own[kind])
        assert elsewhere["timeoutSeconds"] == own[kind]


@pytest.mark.parametrize("kind", ["client", "media", "field", "user"])
@pytest.mark.parametrize("seconds", [10, 86_400])
async def test_the_silence_that_a_project_allows_ends_sessions_to_the_millisecond(
    world: World, kind: str, seconds: int
) -> None:
    await project(world, "p", timeouts=[{"kind": kind.upper(), "seconds": seconds}])
    payload = await world.start(kind, LEAST[kind], "timeoutSeconds", projectId="p")
    assert payload["session"]["timeoutSeconds"] == seconds
    assert payload["keepaliveSeconds"] == min(seconds // 3, 120)
    last = min(seconds, 1800) if kind == "media" else seconds  # a still playhead ends a playback before
    await world.advance(last - 0.001)
    assert (await world.session(payload["session"]["id"]))["state"] == "ACTIVE"
    await world.advance(0.001)
    ended = await world.session(payload["session"]["id"])
    assert (ended["state"], ended["endReason"]) == ("ENDED", "STALLED" if last < seconds else "EXPIRED")


@pytest.mark.parametrize("seconds", [-1, 0, 9, 86_401, 2**31 - 1])
async def test_no_project_allows_more_or_less_than_a_start_may(world: World, seconds: int) -> None:
    await project(world, "p")
    answer = await world.ask(UPDATE, id="p", input={"timeouts": [{"kind": "USER", "seconds": seconds}]})
    assert answer["problems"] == [{"code": "BAD_USER_INPUT", "path": ["input", "timeouts", "0", "seconds"]}]
    session = await world.user(projectId="p", fields="timeoutSeconds")
    assert session["timeoutSeconds"] == 300


async def test_a_schedule_is_never_ended_by_silence_whatever_a_project_says(world: World) -> None:
    await project(world, "p", timeouts=[{"kind": "AGENDA", "seconds": None}, {"kind": "FIELD", "seconds": 10}])
    item = await world.started("agenda", LEAST["agenda"], "timeoutSeconds expiresAt", projectId="p")
    assert (item["timeoutSeconds"], item["expiresAt"]) == (None, None)
    await world.advance(86_400)
    assert (await world.session(item["id"]))["state"] == "ACTIVE"


async def test_a_start_that_meets_its_session_leaves_it_as_it_began(world: World) -> None:
    await project(world, "p", timeouts=[{"kind": "USER", "seconds": 60}])
    browser = {"username": "ann", "clientId": "c" * 16}
    by_key = {"projectId": "p", "idempotencyKey": "k"}
    first = await world.start("user", browser, SHOWN, projectId="p")
    launch = await world.start("client", LEAST["client"], SHOWN, **by_key)
    await says(
        world, defaultLanguage="de", timeouts=[{"kind": "USER", "seconds": 10}, {"kind": "CLIENT", "seconds": 9}][:1]
    )
    for again, old in (
        (await world.start("user", browser, SHOWN, projectId="p"), first),
        (await world.start("client", LEAST["client"], SHOWN, **by_key), launch),
    ):
        assert (again["created"], again["session"], again["keepaliveSeconds"]) == (
            False,
            old["session"],
            old["keepaliveSeconds"],
        )
    await world.advance(60)
    new = await world.start("user", browser, SHOWN, projectId="p")
    assert (new["created"], new["session"]["timeoutSeconds"]) == (True, 10)


async def test_a_start_among_changes_gets_all_that_one_of_them_said(world: World) -> None:
    await project(
        world, "p", geoListenEnabled=False, defaultLanguage="en", timeouts=[{"kind": "CLIENT", "seconds": 10}]
    )
    versions = {(10, False, "en"), (20, True, "fr"), (30, True, "de")}
    changes = [
        says(world, geoListenEnabled=geo, defaultLanguage=language, timeouts=[{"kind": "CLIENT", "seconds": seconds}])
        for seconds, geo, language in sorted(versions)[1:]
    ]
    found = await asyncio.gather(*(app(world) for _ in range(10)), *changes, *(app(world) for _ in range(10)))
    assert {got for got in found if got is not None} <= versions
    assert await app(world) == (30, True, "de")


async def test_changes_of_different_things_at_once_are_all_kept(world: World) -> None:
    await project(world, "p")
    kinds = ["CLIENT", "MEDIA", "FIELD", "USER"]
    await asyncio.gather(
        says(world, name="P"),
        says(world, geoListenEnabled=True),
        says(world, defaultLanguage="de"),
        *(says(world, timeouts=[{"kind": kind, "seconds": 20 + n}]) for n, kind in enumerate(kinds)),
    )
    found = await world.ask('{ project(id: "p") { name geoListenEnabled defaultLanguage timeouts { kind seconds } } }')
    assert (found["name"], found["geoListenEnabled"], found["defaultLanguage"]) == ("P", True, "de")
    told = {timeout["kind"]: timeout["seconds"] for timeout in found["timeouts"]}
    assert told == {"CLIENT": 20, "AGENDA": None, "MEDIA": 21, "FIELD": 22, "USER": 23}
