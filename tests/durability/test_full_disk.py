"""A disk of 2 MiB that fills up, and takes writes again once it has 8, without a restart. tests/blobs fills one too."""

import asyncio
import sys
from pathlib import Path

import pytest

from tests.blobs.test_full_disk import disk, run_on_small_disk

__all__ = ["disk"]


@pytest.mark.long
async def test_writes_resume_when_a_full_disk_has_grown(disk: Path) -> None:
    done = await asyncio.to_thread(
        run_on_small_disk, disk, sys.executable, "-m", "tests.durability.growing_disk", str(disk)
    )
    assert done.returncode == 0, done.stderr + done.stdout
    assert "acknowledged" in done.stdout
