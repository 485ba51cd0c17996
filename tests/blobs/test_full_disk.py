"""A disk that is really full: a file system of 2 MiB in memory, which only the server under test sees."""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.blobs.tiny_disk_server import FILE_SIZES_BY_TARGET
from tests.live_server import ROOT

MOUNT_SCRIPT: Final = 'mount -t tmpfs -o size=2m tmpfs "$0" && exec "$@"'
UNSHARE: Final = ("unshare", "--mount", "--map-root-user", "sh", "-c", MOUNT_SCRIPT)
"""Runs a program with a small disk in place of a folder; who else looks at the folder sees nothing of that."""


def run_on_small_disk(disk: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*UNSHARE, str(disk), *command], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """A folder that can be made a small disk."""
    try:
        can_mount = run_on_small_disk(tmp_path, "true").returncode == 0
    except FileNotFoundError:
        can_mount = False
    if not can_mount:
        pytest.skip("this system lets nobody mount a file system of his own")
    return tmp_path


@pytest.mark.parametrize(
    "where", ["all", *(pytest.param(place, marks=pytest.mark.long) for place in FILE_SIZES_BY_TARGET if place != "all")]
)
async def test_a_full_disk_refuses_forms_whole_and_room_on_it_heals(disk: Path, where: str) -> None:
    done = await asyncio.to_thread(
        run_on_small_disk, disk, sys.executable, "-m", "tests.blobs.tiny_disk_server", str(disk), where
    )
    assert done.returncode == 0, done.stderr + done.stdout
