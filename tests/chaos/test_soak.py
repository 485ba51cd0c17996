"""Memory is bounded: a server under sustained load holds no more after an hour than at its start, and frees it.

`SOAK_MINUTES` (default 60) is the duration of the long test, half of it with subscribers.
"""

import asyncio
import os
from pathlib import Path
from typing import Final

import pytest

from bench.system_info import raise_fd_limit
from models.kinds.field import MAX_FILE_BYTES
from tests.chaos.soak import open_soak

GROWTH_LIMIT: Final = 100_000_000


async def test_server_frees_what_departed_clients_held(tmp_path: Path) -> None:
    async with asyncio.timeout(120), open_soak(tmp_path / "test.db") as soak:
        before = await soak.warm_up()
        async with soak.half_open(20):
            await asyncio.gather(soak.run(2, 20, 10), soak.upload(4, 1_000_000))
        after = await soak.footprint_after(before)
        assert after.tasks <= before.tasks * 1.05
        assert after.descriptors <= before.descriptors * 1.05
        assert soak.served_share > 0.9, soak.report.outcomes


@pytest.mark.long
async def test_memory_of_a_server_under_load_stays_level(tmp_path: Path) -> None:
    seconds = 60 * float(os.environ.get("SOAK_MINUTES", "60"))
    raise_fd_limit(2000)
    async with open_soak(tmp_path / "test.db") as soak:
        before = await soak.warm_up()
        async with soak.half_open(1000):
            await soak.upload(50, MAX_FILE_BYTES)
        for subscribers in (200, 0):
            await soak.run(seconds / 2, 150, subscribers)
            after = await soak.footprint_after(before)
            assert soak.peak_bytes <= before.resident_bytes + GROWTH_LIMIT
            assert after.resident_bytes <= before.resident_bytes + GROWTH_LIMIT
            assert after.tasks <= before.tasks * 1.05
            assert after.descriptors <= before.descriptors * 1.05
        assert soak.served_share > 0.9, soak.report.outcomes
