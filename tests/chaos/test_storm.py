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

from tests.chaos.convergence import Quiet
from tests.chaos.server_under_test import PLAIN, SMALL, Site
from tests.chaos.storm import storm


async def short_storm(site: Site, program: Sequence[str] = SMALL) -> None:
    """Some seconds of it, with a kill."""
    async with (
        asyncio.timeout(300),
        storm(site, program, watchers=54, slow=3, listeners=12, writers=6) as found,
    ):
        await found.doom(10)
        await found.rage(40, program, gently=False)
        await Quiet(found).check()


async def test_everybody_knows_in_the_end_what_there_is(tmp_path: Path) -> None:
    await short_storm(Site(tmp_path / "test.db"))


@pytest.mark.long
async def test_everybody_knows_what_there_is_again_and_again(tmp_path: Path) -> None:
    end = monotonic() + 60 * float(os.environ.get("STORM_MINUTES", "5"))
    servers = cycle([(PLAIN, False), (SMALL, True), (SMALL, False), (PLAIN, True)])
    site = Site(tmp_path / "test.db", SMALL_FACTOR="20")
    async with storm(site, watchers=180, slow=8, listeners=24, writers=12) as found:
        quiet = Quiet(found)
        while monotonic() < end:
            program, gently = next(servers)
            await found.doom(5)
            await found.rage(40, program, gently=gently)
            await quiet.check()
