"""Concurrent starts with one clientId: one session."""

from itertools import product
from typing import Any

from tests.api.session_inputs import create_project
from tests.concurrency.conftest import LiveServer
from tests.concurrency.requests import (
    SESSIONS_QUERY,
    activity_types,
    created_ids,
    session_ids,
    start_concurrently,
    start_input,
)

CONCURRENCY = 50


def without(answer: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name not in names}


async def test_fifty_concurrent_starts_create_one_session(server: LiveServer) -> None:
    answers = await start_concurrently(server.port, *[start_input()] * CONCURRENCY)
    assert sorted(answer["created"] for answer in answers) == [False] * (CONCURRENCY - 1) + [True]
    assert all(without(answer, "created") == without(answers[0], "created") for answer in answers)
    assert (answers[0]["problems"], answers[0]["keepaliveSeconds"]) == ([], 100)
    assert activity_types(answers[0]["session"]) == ["STARTED"]
    assert await server.api.execute(SESSIONS_QUERY) == {"totalCount": 1, "nodes": [answers[0]["session"]]}
    log = await server.api.execute("{ activities(first: 500) { edges { node { type sessionId } } } }")
    assert [edge["node"] for edge in log["edges"]] == [{"type": "STARTED", "sessionId": answers[0]["session"]["id"]}]


async def test_later_starts_change_nothing_of_the_session(server: LiveServer) -> None:
    inputs = [
        start_input(path=[f"p{n}"], metadata={"n": n}, timeoutSeconds=100 + n, visible=n % 2 == 0, externalId=f"x{n}")
        for n in range(CONCURRENCY)
    ]
    answers = await start_concurrently(server.port, *inputs)
    (first,) = (n for n, answer in enumerate(answers) if answer["created"])
    session = answers[first]["session"]
    assert (session["path"], session["metadata"], session["externalId"]) == ([f"p{first}"], {"n": first}, f"x{first}")
    assert (session["timeoutSeconds"], session["visible"]) == (100 + first, first % 2 == 0)
    assert all(without(answer, "created") == without(answers[first], "created") for answer in answers)
    assert (await server.api.execute(SESSIONS_QUERY))["nodes"] == [session]


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
