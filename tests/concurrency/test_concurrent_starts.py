"""Many starts with one clientId at once are one session: whatever else they say, and beside whatever else."""

from itertools import product
from typing import Any

from tests.api.session_inputs import project
from tests.concurrency.conftest import Site
from tests.concurrency.requests import LISTED, ids, made, start, started, types

TIMES = 50


def without(answer: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name not in names}


async def test_fifty_starts_of_one_browser_at_once_are_one_session_that_began_once(site: Site) -> None:
    answers = await started(site.port, *[start()] * TIMES)
    assert sorted(answer["created"] for answer in answers) == [False] * (TIMES - 1) + [True]
    assert all(without(answer, "created") == without(answers[0], "created") for answer in answers)
    assert (answers[0]["problems"], answers[0]["keepaliveSeconds"]) == ([], 100)
    assert types(answers[0]["session"]) == ["STARTED"]
    assert await site.world.ask(LISTED) == {"totalCount": 1, "nodes": [answers[0]["session"]]}
    log = await site.world.ask("{ activities(first: 500) { edges { node { type sessionId } } } }")
    assert [edge["node"] for edge in log["edges"]] == [{"type": "STARTED", "sessionId": answers[0]["session"]["id"]}]


async def test_the_first_of_them_says_what_it_is_and_the_others_change_nothing_of_it(site: Site) -> None:
    inputs = [
        start(path=[f"p{n}"], metadata={"n": n}, timeoutSeconds=100 + n, visible=n % 2 == 0, externalId=f"x{n}")
        for n in range(TIMES)
    ]
    answers = await started(site.port, *inputs)
    (first,) = (n for n, answer in enumerate(answers) if answer["created"])
    session = answers[first]["session"]
    assert (session["path"], session["metadata"], session["externalId"]) == ([f"p{first}"], {"n": first}, f"x{first}")
    assert (session["timeoutSeconds"], session["visible"]) == (100 + first, first % 2 == 0)
    assert all(without(answer, "created") == without(answers[first], "created") for answer in answers)
    assert (await site.world.ask(LISTED))["nodes"] == [session]


async def test_project_name_and_client_id_to_the_letter_tell_browsers_apart(site: Site) -> None:
    for id_ in ("p1", "p2"):
        await project(site.world, id_)
    browsers = list(product(("p1", "p2"), ("ann", "Ann", "ann "), ("c", "C")))
    inputs = [start(name, secret, projectId=id_) for id_, name, secret in browsers]
    answers = await started(site.port, *inputs * 4)
    assert len(ids(answers)) == len(made(answers)) == len(browsers)
    for number, (id_, name, secret) in enumerate(browsers):
        mine = answers[number :: len(browsers)]
        (session,) = {answer["session"]["id"]: answer["session"] for answer in mine}.values()
        assert (session["project"]["id"], session["username"], session["clientId"][0]) == (id_, name, secret)
        assert len(made(mine)) == 1
    assert (await site.world.ask(LISTED))["totalCount"] == len(browsers)


async def test_to_start_again_is_no_sign_of_life(site: Site) -> None:
    (first,) = await started(site.port, start(path=["home"]))
    await site.world.advance(299.999)
    answers = await started(site.port, *[start(path=["away"], visible=False, timeoutSeconds=86_400)] * TIMES)
    assert made(answers) == []
    still = without(first["session"], "elapsedSeconds")
    assert all(without(answer["session"], "elapsedSeconds") == still for answer in answers)
    assert {answer["session"]["elapsedSeconds"] for answer in answers} == {299.999}
    await site.world.advance(0.001)
    (later,) = await started(site.port, start())
    assert later["created"] is True


async def test_starts_that_are_wrong_take_no_neighbour_along(site: Site) -> None:
    wrong: dict[str, dict[str, Any]] = {
        "input.projectId": start(projectId="nowhere"),
        "input.previousId": start(previousId="s_nobody"),
        "input.path.0": start(path=[""]),
        "input.variant.user.clientId": {"variant": {"user": {"username": "ann", "clientId": "x" * 15}}},
    }
    answers = await started(site.port, *[given for each in wrong.values() for given in (each, start())] * 6)
    right = answers[1::2]
    assert len(ids(right)) == len(made(right)) == 1
    for number, place in enumerate(wrong):
        for answer in answers[2 * number :: 2 * len(wrong)]:
            assert (answer["session"], answer["created"]) == (None, False)
            assert [".".join(problem["path"]) for problem in answer["problems"]] == [place]
    assert (await site.world.ask(LISTED))["totalCount"] == 1


async def test_a_key_and_a_client_id_together_agree(site: Site) -> None:
    """Each by itself would make one session of the starts; the key then remembers which, also after the end."""
    inputs = [start(idempotencyKey=f"k{n % 5}", metadata={"n": n % 5}) for n in range(TIMES)]
    answers = await started(site.port, *inputs)
    assert len(ids(answers)) == len(made(answers)) == 1
    await site.world.mutate("stopSession", {"id": answers[0]["session"]["id"]})
    again = await started(site.port, *inputs[:5])
    assert (ids(again), made(again)) == (ids(answers), [])
    assert {answer["session"]["state"] for answer in again} == {"ENDED"}
    (other,) = await started(site.port, start(idempotencyKey="k0"))
    assert [problem["code"] for problem in other["problems"]] == ["CONFLICT"]
    (new,) = await started(site.port, start())
    assert new["created"] is True
