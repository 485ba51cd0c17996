"""Server on a small disk that grows once it is full: `python -m tests.durability.growing_disk <disk>`."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.durability.invariants import assert_invariants
from tests.durability.writing_client import MAX_SECONDS, WritingClient
from tests.live_server import server_process

FULL_AFTER: Final = 20
"""Refusals."""


async def run_scenario(disk: Path) -> None:
    file = disk / "test.db"
    async with server_process(file, LOG_LEVEL="warning") as process:
        client = WritingClient(process.port)
        async with client.writing():
            while client.refused < FULL_AFTER:
                await client.start()
            assert client.acknowledged <= await client.read_ids()
            command = ["mount", "-o", "remount,size=8m", str(disk)]
            await asyncio.to_thread(subprocess.run, command, check=True)
            await client.succeeds_soon()
            for _ in range(20):
                assert await client.start()
        assert client.slowest < MAX_SECONDS
    log = [json.loads(line) for line in file.with_suffix(".log").read_text().splitlines() if line.startswith("{")]
    assert sum("postponed" in line["event"] for line in log) <= len({line["event"] for line in log}), log
    async with server_process(file) as process:
        reader = WritingClient(process.port)
        async with reader.writing(0):
            assert client.acknowledged <= await reader.read_ids()
    assert_invariants(file)
    sys.stdout.write(f"{len(client.acknowledged)} acknowledged, {client.refused} refused\n")


if __name__ == "__main__":
    asyncio.run(run_scenario(Path(sys.argv[1])))
