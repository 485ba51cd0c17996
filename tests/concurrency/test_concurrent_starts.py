"""Concurrent starts with one clientId, also while its session ends: one session."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Final

import pytest

from models.clock import DAY, MINUTE, Instant
from tests.api.session_inputs import create_project
from tests.api_client import ApiClient, FakeClock, open_api
from tests.live_server import run_concurrently, serve_app

CONCURRENCY: Final = 50
MARGIN_MS: Final = 20
"""From the first starts to the end: some come before it, some after."""
SESSION_FIELDS: Final = """
    __typename id kind state visible path subject externalId startedAt lastSeenAt expiresAt endedAt
    endReason createdAt updatedAt revision timeoutSeconds elapsedSeconds visibleSeconds metadata
    pathTimes { path visibleSeconds } project { id } previous { id } ... on UserSession { username clientId }
    activities(first: 9) { edges { node { id type at data } } }"""
"""All fields of a session."""


def mutation(field: str, fields: str = SESSION_FIELDS) -> str:
    more = "created keepaliveSeconds" if field == "startSession" else ""
    return f"""mutation($input: {field[0].upper()}{field[1:]}Input!) {{ {field}(input: $input) {{
        {more} problems {{ code path }} session {{ {fields} }} }} }}"""


START: Final = mutation("startSession")
DELETE: Final = "mutation($id: ID!) { deleteSession(input: {id: $id}) { problems { code } } }"
SESSIONS_QUERY: Final = f"""query($filter: SessionFilter) {{ sessions(filter: $filter, first: 50) {{
    totalCount nodes {{ {SESSION_FIELDS} }} }} }}"""


def start_input(username: str = "ann", browser: str = "c", **common: Any) -> dict[str, Any]:
    """Build a start of a USER session, whose clientId starts with `browser`."""
    return {"variant": {"user": {"username": username, "clientId": browser.ljust(16, "-")}}, **common}


async def start_concurrently(port: int, *inputs: Mapping[str, Any]) -> list[dict[str, Any]]:
    return await run_concurrently(port, *((START, {"input": input_}) for input_ in inputs))


def session_ids(answers: Sequence[Mapping[str, Any]]) -> set[str]:
    return {answer["session"]["id"] for answer in answers}


def created_ids(answers: Sequence[Mapping[str, Any]]) -> list[str]:
    return [answer["session"]["id"] for answer in answers if answer["created"]]


def activity_types(session: Mapping[str, Any]) -> list[str]:
    return [edge["node"]["type"] for edge in session["activities"]["edges"]]


class TickingClock(FakeClock):
    """Stands still, or advances by 1 ms with each reading, so that concurrent calls have an order."""

    ticks = False

    def now(self) -> Instant:
        self.value += self.ticks
        return self.value


@dataclass(frozen=True)
class LiveServer:
    api: ApiClient
    clock: TickingClock
    port: int


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[LiveServer]:
    clock = TickingClock()
    async with open_api(tmp_path / "test.db", clock) as api, serve_app(api.app) as port:
        yield LiveServer(api, clock, port)


def without(answer: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name not in names}


async def test_concurrent_starts_create_one_session_with_values_of_the_first(server: LiveServer) -> None:
    inputs = [
        start_input(path=[f"p{n}"], metadata={"n": n}, timeoutSeconds=100 + n, visible=n % 2 == 0, externalId=f"x{n}")
        for n in range(CONCURRENCY)
    ]
    answers = await start_concurrently(server.port, *inputs)
    (first,) = (n for n, answer in enumerate(answers) if answer["created"])
    session = answers[first]["session"]
    assert (answers[first]["problems"], answers[first]["keepaliveSeconds"]) == ([], (100 + first) // 3)
    assert (session["path"], session["metadata"], session["externalId"]) == ([f"p{first}"], {"n": first}, f"x{first}")
    assert (session["timeoutSeconds"], session["visible"]) == (100 + first, first % 2 == 0)
    assert activity_types(session) == ["STARTED"]
    shared = [{name: value for name, value in answer.items() if name != "created"} for answer in answers]
    assert all(answer == shared[0] for answer in shared)
    assert await server.api.execute(SESSIONS_QUERY) == {"totalCount": 1, "nodes": [session]}
    log = await server.api.execute("{ activities(first: 500) { edges { node { type sessionId } } } }")
    assert [edge["node"] for edge in log["edges"]] == [{"type": "STARTED", "sessionId": session["id"]}]


async def test_project_username_and_client_id_identify_session(server: LiveServer) -> None:
    for id_ in ("p1", "p2"):
        await create_project(server.api, id_)
    browsers = list(product(("p1", "p2"), ("ann", "Ann", "ann "), ("c", "C")))
    inputs = [start_input(name, secret, projectId=id_) for id_, name, secret in browsers]
    answers = await start_concurrently(server.port, *inputs * 4)
    assert len(session_ids(answers)) == len(created_ids(answers)) == len(browsers)
    for number, (id_, name, secret) in enumerate(browsers):
        results = answers[number :: len(browsers)]
        (session,) = {answer["session"]["id"]: answer["session"] for answer in results}.values()
        assert (session["project"]["id"], session["username"], session["clientId"][0]) == (id_, name, secret)
        assert len(created_ids(results)) == 1
    assert (await server.api.execute(SESSIONS_QUERY))["totalCount"] == len(browsers)


async def test_invalid_start_does_not_affect_its_batch(server: LiveServer) -> None:
    wrong: dict[str, dict[str, Any]] = {
        "input.projectId": start_input(projectId="nowhere"),
        "input.previousId": start_input(previousId="s_unknown"),
        "input.path.0": start_input(path=[""]),
        "input.variant.user.clientId": {"variant": {"user": {"username": "ann", "clientId": "x" * 15}}},
    }
    answers = await start_concurrently(
        server.port, *[input_ for each in wrong.values() for input_ in (each, start_input())] * 6
    )
    right = answers[1::2]
    assert len(session_ids(right)) == len(created_ids(right)) == 1
    for number, place in enumerate(wrong):
        for answer in answers[2 * number :: 2 * len(wrong)]:
            assert (answer["session"], answer["created"]) == (None, False)
            assert [".".join(problem["path"]) for problem in answer["problems"]] == [place]
    assert (await server.api.execute(SESSIONS_QUERY))["totalCount"] == 1


async def test_idempotency_key_and_client_id_agree(server: LiveServer) -> None:
    """Each alone would make the starts one session; after its end only the key still finds it."""
    inputs = [start_input(idempotencyKey=f"k{n % 5}", metadata={"n": n % 5}) for n in range(CONCURRENCY)]
    answers = await start_concurrently(server.port, *inputs)
    assert len(session_ids(answers)) == len(created_ids(answers)) == 1
    await server.api.mutate("stopSession", {"id": answers[0]["session"]["id"]})
    again = await start_concurrently(server.port, *inputs[:5])
    assert (session_ids(again), created_ids(again)) == (session_ids(answers), [])
    assert {answer["session"]["state"] for answer in again} == {"ENDED"}
    (other,) = await start_concurrently(server.port, start_input(idempotencyKey="k0"))
    assert [problem["code"] for problem in other["problems"]] == ["CONFLICT"]
    (new,) = await start_concurrently(server.port, start_input())
    assert new["created"] is True


@pytest.mark.parametrize("cause", ["silence", "age"])
@pytest.mark.parametrize("swept", [False, True])
async def test_starts_around_expiry_create_one_session(server: LiveServer, cause: str, swept: bool) -> None:
    (first,) = await start_concurrently(server.port, start_input(timeoutSeconds=86_400 if cause == "age" else 60))
    old: dict[str, Any] = first["session"]
    if cause == "age":
        await server.api.advance(DAY / 2000)
        await server.api.mutate("keepaliveSession", {"id": old["id"]})
    await server.api.advance(((DAY / 2 if cause == "age" else MINUTE) - MARGIN_MS) / 1000)
    server.clock.ticks = True
    sweeping = server.api.sweep() if swept else asyncio.sleep(0)
    answers, _ = await asyncio.gather(start_concurrently(server.port, *[start_input()] * CONCURRENCY), sweeping)
    server.clock.ticks = False
    (new,) = created_ids(answers)
    assert session_ids(answers) == {old["id"], new}
    # Starts that returned the old session came before its end, to the millisecond.
    lives = 86_400 if cause == "age" else 60
    assert all(a["session"]["elapsedSeconds"] < lives for a in answers if a["session"]["id"] == old["id"])
    shown = {session["id"]: session for session in (await server.api.execute(SESSIONS_QUERY))["nodes"]}
    assert activity_types(shown[old["id"]]) == ["STARTED", "EXPIRED"]
    assert shown[old["id"]]["endReason"] == "EXPIRED"
    assert (shown[new]["state"], activity_types(shown[new]), len(shown)) == ("ACTIVE", ["STARTED"], 2)
    assert shown[new]["startedAt"] >= shown[old["id"]]["endedAt"]


@pytest.mark.parametrize("cause", ["stopSession", "terminateSession", "deleteSession"])
async def test_starts_around_stop_create_one_session(server: LiveServer, cause: str) -> None:
    (first,) = await start_concurrently(server.port, start_input())
    old = first["session"]["id"]
    again = [(START, {"input": start_input()})] * (CONCURRENCY // 2)
    reason = {"reason": "test"} if cause == "terminateSession" else {}
    end = (DELETE, {"id": old}) if cause == "deleteSession" else (mutation(cause), {"input": {"id": old, **reason}})
    answers = await run_concurrently(server.port, *again, end, *again)
    assert answers.pop(len(again))["problems"] == []
    assert len(created_ids(answers)) <= 1
    assert session_ids(answers) <= {old, *created_ids(answers)}
    last = await start_concurrently(server.port, *[start_input()] * CONCURRENCY)
    new = {*created_ids(answers), *created_ids(last)}
    assert len(created_ids(answers) + created_ids(last)) == 1
    assert session_ids(last) == new
    left = (await server.api.execute(SESSIONS_QUERY))["nodes"]
    assert {session["id"] for session in left if session["state"] == "ACTIVE"} == new
    assert len(left) == (1 if cause == "deleteSession" else 2)
