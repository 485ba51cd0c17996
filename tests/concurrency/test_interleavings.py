"""Browsers that start, leave and come back in any order, many calls at a time: never two sessions of one at once."""

from collections import Counter
from itertools import count
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.session_inputs import create_project
from tests.concurrency.conftest import LiveServer
from tests.concurrency.requests import SESSIONS_QUERY, START, activity_types, mutation, run_concurrently, start_input

Browser = tuple[str, str, str]
"""Project, username and clientId."""
Step = tuple[str, Browser]

BROWSERS: Final = st.tuples(st.sampled_from(["p", "q"]), st.sampled_from(["ann", "bob"]), st.sampled_from(["c", "d"]))
CALLS: Final = st.sampled_from(["startSession"] * 4 + ["stopSession", "keepaliveSession", "hideSession"])
PAUSES: Final = st.sampled_from([0.0, 0.001, 30.0, 59.999, 60.0, 600.0])
ROUNDS: Final = st.lists(
    st.tuples(st.lists(st.tuples(CALLS, BROWSERS), min_size=2, max_size=8), PAUSES, st.booleans()),
    min_size=2,
    max_size=3,
)
_examples = count()


class Scenario:
    def __init__(self, site: LiveServer) -> None:
        self._site = site
        self._suffix = f"-{next(_examples)}"
        self._newest: dict[Browser, str] = {}
        self._created: Counter[str] = Counter()

    async def prepare(self) -> None:
        for id_ in ("p", "q"):
            await create_project(self._site.api, id_ + self._suffix)

    async def run_round(self, steps: list[Step], pause: float, *, swept: bool) -> None:
        sent = [(call, browser) for call, browser in steps if call == "startSession" or browser in self._newest]
        answers = await run_concurrently(self._site.port, *(self._call(*step) for step in sent))
        results: dict[Browser, list[dict[str, Any]]] = {}
        for (call, browser), answer in zip(sent, answers, strict=True):
            if call == "startSession":
                assert answer["problems"] == []
                assert answer["session"]["state"] == "ACTIVE"
                self._created[answer["session"]["id"]] += answer["created"]
                results.setdefault(browser, []).append(answer["session"])
        sessions = await self._sessions()
        for browser, results_of_browser in results.items():
            self._newest[browser] = self._check(browser, results_of_browser, sessions)
        assert self._created == Counter(list(sessions))
        await self._site.api.advance(pause)
        if swept:
            await self._site.api.sweep()

    def _check(self, browser: Browser, results: list[dict[str, Any]], sessions: dict[str, Any]) -> str:
        own_sessions = {id_: session for id_, session in sessions.items() if self._browser(session) == browser}
        assert {session["id"] for session in results} <= own_sessions.keys()
        active = [id_ for id_, session in own_sessions.items() if session["state"] == "ACTIVE"]
        assert len(active) <= 1
        for session in own_sessions.values():
            assert activity_types(session).count("STARTED") == 1
        return active[0] if active else max(own_sessions, key=lambda id_: own_sessions[id_]["startedAt"])

    def _call(self, call: str, browser: Browser) -> tuple[str, dict[str, Any]]:
        id_, name, client_id = browser
        if call == "startSession":
            input_ = start_input(name, client_id + self._suffix, projectId=id_ + self._suffix, timeoutSeconds=60)
            return START, {"input": input_}
        return mutation(call), {"input": {"id": self._newest[browser]}}

    def _browser(self, session: dict[str, Any]) -> Browser:
        return session["project"]["id"][0], session["username"], session["clientId"][0]

    async def _sessions(self) -> dict[str, Any]:
        mine = {"projectIds": [f"p{self._suffix}", f"q{self._suffix}"]}
        return {
            session["id"]: session for session in (await self._site.api.execute(SESSIONS_QUERY, filter=mine))["nodes"]
        }


async def _run_scenario(site: LiveServer, rounds: list[tuple[list[Step], float, bool]]) -> None:
    scenario = Scenario(site)
    await scenario.prepare()
    for steps, pause, swept in rounds:
        await scenario.run_round(steps, pause, swept=swept)


QUICK = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
EXTENSIVE = settings(QUICK, max_examples=300)


@QUICK
@given(rounds=ROUNDS)
async def test_a_browser_has_one_session_at_a_time(
    site: LiveServer, rounds: list[tuple[list[Step], float, bool]]
) -> None:
    await _run_scenario(site, rounds)


@pytest.mark.long
@EXTENSIVE
@given(rounds=ROUNDS)
async def test_a_browser_has_one_session_at_a_time_at_length(
    site: LiveServer, rounds: list[tuple[list[Step], float, bool]]
) -> None:
    await _run_scenario(site, rounds)
