"""Subscribers lose nothing, whatever happens to them, to the sessions and to the server (promise 9).

`STORM_MINUTES` says how long the long form takes, 5 where not given.
"""

import asyncio
import os
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from time import monotonic

import pytest

from tests.chaos.convergence import ConvergenceCheck
from tests.chaos.server_under_test import PRODUCTION, SMALL_BATCHES, ServerUnderTest
from tests.chaos.storm import open_storm


async def short_storm(site: ServerUnderTest, program: Sequence[str] = SMALL_BATCHES) -> None:
    """Some seconds of it, with a kill."""
    async with (
        asyncio.timeout(300),
        open_storm(site, program, set_subscribers=54, slow=3, log_subscribers=12, writers=6) as found,
    ):
        await found.start_expiring_sessions(10)
        await found.restart_under_load(40, program, gently=False)
        await ConvergenceCheck(found).check()


async def test_all_clients_converge_after_a_restart(tmp_path: Path) -> None:
    await short_storm(ServerUnderTest(tmp_path / "test.db"))


@pytest.mark.long
async def test_all_clients_converge_after_repeated_restarts(tmp_path: Path) -> None:
    end = monotonic() + 60 * float(os.environ.get("STORM_MINUTES", "5"))
    servers = cycle([(PRODUCTION, False), (SMALL_BATCHES, True), (SMALL_BATCHES, False), (PRODUCTION, True)])
    site = ServerUnderTest(tmp_path / "test.db", SMALL_FACTOR="20")
    async with open_storm(site, set_subscribers=180, slow=8, log_subscribers=24, writers=12) as found:
        quiet = ConvergenceCheck(found)
        while monotonic() < end:
            program, gently = next(servers)
            await found.start_expiring_sessions(5)
            await found.restart_under_load(40, program, gently=gently)
            await quiet.check()
