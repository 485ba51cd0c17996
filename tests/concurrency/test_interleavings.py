"""Browsers that start, leave and come back in any order, many calls at a time: never two sessions of one at once."""

from collections import Counter
from itertools import count
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.session_inputs import project
from tests.concurrency.conftest import Site
from tests.concurrency.requests import LISTED, START, at_once, change, start, types

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


class Play:
    """One example: names of its own on a server that others have used."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._of = f"-{next(_examples)}"
        self._newest: dict[Browser, str] = {}
        self._begun: Counter[str] = Counter()

    async def prepare(self) -> None:
        for id_ in ("p", "q"):
            await project(self._site.world, id_ + self._of)

    async def round(self, steps: list[Step], pause: float, *, swept: bool) -> None:
        """Calls at once; then what they were told, and what there is, must agree."""
        sent = [(call, browser) for call, browser in steps if call == "startSession" or browser in self._newest]
        answers = await at_once(self._site.port, *(self._call(*step) for step in sent))
        told: dict[Browser, list[dict[str, Any]]] = {}
        for (call, browser), answer in zip(sent, answers, strict=True):
            if call == "startSession":
                assert answer["problems"] == []
                assert answer["session"]["state"] == "ACTIVE"
                self._begun[answer["session"]["id"]] += answer["created"]
                told.setdefault(browser, []).append(answer["session"])
        sessions = await self._sessions()
        for browser, answered in told.items():
            self._newest[browser] = self._check(browser, answered, sessions)
        assert self._begun == Counter(list(sessions))
        await self._site.world.advance(pause)
        if swept:
            await self._site.world.sweep()

    def _check(self, browser: Browser, answered: list[dict[str, Any]], sessions: dict[str, Any]) -> str:
        mine = {id_: session for id_, session in sessions.items() if self._browser(session) == browser}
        assert {session["id"] for session in answered} <= mine.keys()
        active = [id_ for id_, session in mine.items() if session["state"] == "ACTIVE"]
        assert len(active) <= 1
        for session in mine.values():
            assert types(session).count("STARTED") == 1
        return active[0] if active else max(mine, key=lambda id_: mine[id_]["startedAt"])

    def _call(self, call: str, browser: Browser) -> tuple[str, dict[str, Any]]:
        id_, name, secret = browser
        if call == "startSession":
            given = start(name, secret + self._of, projectId=id_ + self._of, timeoutSeconds=60)
            return START, {"input": given}
        return change(call), {"input": {"id": self._newest[browser]}}

    def _browser(self, session: dict[str, Any]) -> Browser:
        return session["project"]["id"][0], session["username"], session["clientId"][0]

    async def _sessions(self) -> dict[str, Any]:
        mine = {"projectIds": [f"p{self._of}", f"q{self._of}"]}
        return {session["id"]: session for session in (await self._site.world.ask(LISTED, filter=mine))["nodes"]}


async def _play(site: Site, rounds: list[tuple[list[Step], float, bool]]) -> None:
    play = Play(site)
    await play.prepare()
    for steps, pause, swept in rounds:
        await play.round(steps, pause, swept=swept)


FEW = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
MANY = settings(FEW, max_examples=300)


@FEW
@given(rounds=ROUNDS)
async def test_a_browser_has_one_session_at_a_time(site: Site, rounds: list[tuple[list[Step], float, bool]]) -> None:
    await _play(site, rounds)


@pytest.mark.long
@MANY
@given(rounds=ROUNDS)
async def test_a_browser_has_one_session_at_a_time_at_length(
    site: Site, rounds: list[tuple[list[Step], float, bool]]
) -> None:
    await _play(site, rounds)
