"""Clients converge after random steps: each holds what the query finds, and has read what was logged."""

import itertools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.subscriptions.random_steps import RandomScenario, open_scenario
from tests.subscriptions.small_batches import shrink_batches

NUMBERS = st.integers(0, 11)
STEPS = st.one_of(
    st.tuples(st.sampled_from(["start", "keepalive", "update", "subscribe", "drop"]), NUMBERS, NUMBERS),
    st.tuples(
        st.sampled_from(["beat", "hide", "stop", "delete", "listen", "read", "begin", "resume", "reconnect"]), NUMBERS
    ),
    st.tuples(st.just("wait"), st.sampled_from([0.5, 1, 5, 11, 40, 120])),
    st.tuples(st.just("step_back"), st.sampled_from([2, 30])),
    st.tuples(st.sampled_from(["sweep", "look", "restart"])),
)

_numbers = itertools.count()


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    shrink_batches(monkeypatch.setattr)


async def run_steps(file: Path, steps: list[tuple[Any, ...]]) -> None:
    """Run steps, restarting the server on demand, and check the invariants."""
    scenario: RandomScenario | None = None
    rest = iter(steps)
    goes_on = True
    while goes_on:
        goes_on = False
        async with open_scenario(file, scenario) as scenario:
            for name, *arguments in rest:
                if name == "restart":
                    goes_on = True
                    break
                await getattr(scenario, name)(*arguments)
            if not goes_on:
                await scenario.check()


@pytest.mark.usefixtures("small_batches")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEPS, max_size=40))
@example([("start", 0, 1), ("subscribe", 0, 0), ("begin", 0), ("reconnect", 0), ("stop", 0)])
async def test_all_clients_converge_after_random_steps(tmp_path: Path, steps: list[tuple[Any, ...]]) -> None:
    await run_steps(tmp_path / f"{next(_numbers)}.db", steps)


@pytest.mark.long
@pytest.mark.usefixtures("small_batches")
@settings(max_examples=3000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEPS, min_size=10, max_size=120))
async def test_all_clients_converge_after_many_random_steps(tmp_path: Path, steps: list[tuple[Any, ...]]) -> None:
    await run_steps(tmp_path / f"{next(_numbers)}.db", steps)
