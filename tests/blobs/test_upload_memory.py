"""Fifty devices that send files of 25 MiB at once, to a real server: its memory stays where it was."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import httpx2
import pytest

from tests.blobs.form_client import HEADERS, Sent, payload, sha256, start_body
from tests.server_process import server

pytestmark = pytest.mark.long

DEVICES: Final = 50
PIECE: Final = b"\1" * 64 * 1024
PIECES: Final = 399
"""One less than 25 MiB have: the rest is the device's number."""
MOST: Final = 100 * 1024 * 1024
"""Bytes by which memory may grow."""


def resident(pid: int) -> int:
    """The memory of a process, in bytes."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


async def watch(pid: int, highest: list[int]) -> None:
    """Note the most that a process takes."""
    while True:
        highest.append(resident(pid))
        await asyncio.sleep(0.02)


def number_of(device: int) -> bytes:
    """What its file begins with, so that each is another."""
    return f"{device:016}".encode()


async def body_of(device: int) -> AsyncIterator[bytes]:
    """A start with a file of almost 25 MiB, a piece at a time."""
    beginning, _, end = start_body({"a": Sent(b"CONTENT", "big.bin")}).partition(b"CONTENT")
    yield beginning + number_of(device)
    for _ in range(PIECES):
        yield PIECE
    yield end


async def send(client: httpx2.AsyncClient, device: int) -> str:
    """The SHA-256 of a file that was sent, as the server tells it."""
    response = await client.post("/graphql", content=body_of(device), headers=HEADERS)
    told: str = payload(response.json())["session"]["data"][0]["file"]["sha256"]
    return told


async def test_fifty_files_at_the_limit_at_once_take_no_more_memory_than_a_few(tmp_path: Path) -> None:
    limits = httpx2.Limits(max_connections=DEVICES)
    async with server(tmp_path / "test.db") as running, httpx2.AsyncClient(timeout=300, limits=limits) as client:
        client.base_url = httpx2.URL(f"http://127.0.0.1:{running.port}")
        await send(client, DEVICES)
        before, highest = resident(running.pid), [0]
        watching = asyncio.create_task(watch(running.pid, highest))
        sent = await asyncio.gather(*(send(client, device) for device in range(DEVICES)))
        watching.cancel()
    assert sent == [sha256(number_of(device) + PIECE * PIECES) for device in range(DEVICES)]
    assert max(highest) - before < MOST, f"{before:,} → {max(highest):,}"
