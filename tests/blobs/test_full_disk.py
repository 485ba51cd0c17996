"""A disk that is really full: a tmpfs of 2 MiB in a mount namespace of its own."""

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
"""Mounts the small disk over a folder for one program only."""


def run_on_small_disk(disk: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*UNSHARE, str(disk), *command], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    try:
        can_mount = run_on_small_disk(tmp_path, "true").returncode == 0
    except FileNotFoundError:
        can_mount = False
    if not can_mount:
        pytest.skip("mount namespaces are not available")
    return tmp_path


@pytest.mark.parametrize(
    "where", ["all", *(pytest.param(place, marks=pytest.mark.long) for place in FILE_SIZES_BY_TARGET if place != "all")]
)
async def test_full_disk_refuses_forms_until_space_is_freed(disk: Path, where: str) -> None:
    done = await asyncio.to_thread(
        run_on_small_disk, disk, sys.executable, "-m", "tests.blobs.tiny_disk_server", str(disk), where
    )
    assert done.returncode == 0, done.stderr + done.stdout
