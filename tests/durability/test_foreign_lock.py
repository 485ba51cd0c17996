"""Another process that locks the database only delays: for a while all calls wait, then they may be repeated."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.durability.invariants import assert_invariants
from tests.durability.writing_client import MAX_SECONDS, WritingClient
from tests.live_server import MAIN, server_process
from tests.polling import wait_until

HOLD: Final = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA wal_autocheckpoint = 0")
db.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
"""
IMPATIENT: Final = ("-m", "tests.durability.impatient_server")


@contextmanager
def locked_by_another_process(file: Path) -> Iterator[None]:
    command = [sys.executable, "-c", HOLD, str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"locked\n"
        yield
        process.kill()


@pytest.mark.parametrize(
    ("program", "scale"), [(IMPATIENT, 10), pytest.param(MAIN, 1, marks=pytest.mark.long)], ids=["tenth", "whole"]
)
async def test_lock_of_3_s_delays_and_of_30_s_refuses(tmp_path: Path, program: tuple[str, ...], scale: int) -> None:
    file = tmp_path / "test.db"
    async with server_process(file, program, LOG_LEVEL="info") as process:
        client = WritingClient(process.port)
        async with client.writing():
            await client.start()
            with locked_by_another_process(file):
                await asyncio.sleep(3 / scale)
            await client.start()
            assert client.refused == 0
            with locked_by_another_process(file):
                for _ in range(10):
                    await asyncio.sleep(3 / scale)
                    assert client.acknowledged <= await client.read_ids()
                assert client.refused > 0
            await client.succeeds_soon()
            assert client.slowest < MAX_SECONDS
            assert client.acknowledged <= await client.read_ids()
        await wait_until(lambda: "sweep resumed" in read_events(file))
    assert_invariants(file)
    assert read_events(file).count("sweep postponed") == 1


def read_events(file: Path) -> list[str]:
    """Read the events in the log of a server."""
    lines = file.with_suffix(".log").read_text().splitlines()
    return [json.loads(line)["event"] for line in lines if line.startswith("{") and line.endswith("}")]
