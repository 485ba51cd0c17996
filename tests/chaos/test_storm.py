"""Storm: subscribers lose nothing, whatever happens to them, to the sessions and to the server.

`STORM_MINUTES` (default 5) is the duration of the long test.
"""

import asyncio
import os
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from time import monotonic
from typing import Final

import pytest

from tests.chaos import convergence
from tests.chaos.convergence import ConvergenceCheck
from tests.chaos.faulty_server import FAULTS
from tests.chaos.server_under_test import PRODUCTION, SMALL_BATCHES, ServerUnderTest
from tests.chaos.storm import open_storm

FAULTY: Final = ("-m", "tests.chaos.faulty_server")


async def short_storm(server: ServerUnderTest, program: Sequence[str] = SMALL_BATCHES) -> None:
    """Run a storm of some seconds with one kill."""
    async with (
        asyncio.timeout(300),
        open_storm(server, program, set_subscribers=54, slow=3, log_subscribers=12, writers=6) as storm,
    ):
        await storm.start_expiring_sessions(10)
        await storm.restart_under_load(40, program, gracefully=False)
        await ConvergenceCheck(storm).check()


async def test_all_clients_converge_after_a_restart(tmp_path: Path) -> None:
    await short_storm(ServerUnderTest(tmp_path / "test.db"))


@pytest.mark.long
async def test_all_clients_converge_after_repeated_restarts(tmp_path: Path) -> None:
    end = monotonic() + 60 * float(os.environ.get("STORM_MINUTES", "5"))
    servers = cycle([(PRODUCTION, False), (SMALL_BATCHES, True), (SMALL_BATCHES, False), (PRODUCTION, True)])
    server = ServerUnderTest(tmp_path / "test.db", SMALL_FACTOR="20")
    async with open_storm(server, set_subscribers=180, slow=8, log_subscribers=24, writers=12) as storm:
        check = ConvergenceCheck(storm)
        while monotonic() < end:
            program, gracefully = next(servers)
            await storm.start_expiring_sessions(5)
            await storm.restart_under_load(40, program, gracefully=gracefully)
            await check.check()


@pytest.mark.long
@pytest.mark.parametrize("fault", FAULTS)
async def test_injected_fault_is_detected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    monkeypatch.setattr(convergence, "TIMEOUT_SECONDS", 20.0)
    detected = False
    try:
        await short_storm(ServerUnderTest(tmp_path / "test.db", FAULT=fault), FAULTY)
    except* AssertionError:
        detected = True
    assert detected
