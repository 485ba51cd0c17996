"""Crash test: a server killed at any step loses no file and leaves no garbage behind."""

import asyncio
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from models.clock import DAY
from tests.api_client import EPOCH, FakeClock, open_api
from tests.blobs.form_client import FILE_FIELDS, FilePart, FormClient, sha256, stored_files
from tests.live_server import ROOT

FORMS_QUERY = f"{{ sessions {{ nodes {{ ... on FieldSession {{ data {{ name {FILE_FIELDS} }} }} }} }} }}"


async def run_crash_server(file: Path, steps: int) -> int:
    command = [sys.executable, "-m", "tests.blobs.crash_server", str(file), str(steps)]
    run = partial(subprocess.run, cwd=ROOT, capture_output=True, timeout=120, check=False)
    return (await asyncio.to_thread(run, command)).returncode


async def verify_after_restart(file: Path) -> None:
    """Restart: every attachment has its blob. After a collection there is nothing else."""
    async with open_api(file, FakeClock(EPOCH + DAY)) as api:
        device = FormClient(api, file.with_name(f"{file.name}.files"))
        for collected in (False, True):
            sessions = await api.execute(FORMS_QUERY)
            files = [point["file"] for node in sessions["nodes"] for point in node["data"] if point["file"]]
            for each in files:
                response = await device.fetch(each["url"])
                assert (response.status_code, sha256(response.content)) == (200, each["sha256"])
            if collected:
                digests = {each["sha256"] for each in files}
                assert sorted(sha256(path.read_bytes()) for path in stored_files(device.folder)) == sorted(digests)
                assert await device.row_counts() == {"stored_file": len(digests), "attachment": len(files)}
            await device.collect_garbage()
        await device.started({"a": FilePart(b"recovered")})


@pytest.mark.parametrize("steps", [11, 40])
async def test_crash_between_two_steps_loses_no_file(tmp_path: Path, steps: int) -> None:
    assert await run_crash_server(tmp_path / "test.db", steps) == -signal.SIGKILL
    await verify_after_restart(tmp_path / "test.db")


@pytest.mark.long
async def test_crash_at_any_step_loses_no_file(tmp_path: Path) -> None:
    """About 120 servers, two at a time: a few minutes on two idle cores."""
    for steps in range(0, 1_000, 2):
        files = {allowed: tmp_path / f"{allowed}.db" for allowed in (steps, steps + 1)}
        codes = await asyncio.gather(*(run_crash_server(file, allowed) for allowed, file in files.items()))
        for file in files.values():
            await verify_after_restart(file)
        assert set(codes) <= {0, -signal.SIGKILL}
        if 0 in codes:
            break
    assert 50 < steps < 1_000
