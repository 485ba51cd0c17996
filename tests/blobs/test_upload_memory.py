"""Memory of a server that receives 50 files of 25 MiB at once."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import httpx2
import pytest

from tests.blobs.form_client import HEADERS, FilePart, payload, sha256, start_body
from tests.live_server import ServerProcess, server_process

pytestmark = pytest.mark.long

DEVICES: Final = 50
CHUNK: Final = b"\1" * 64 * 1024
CHUNK_COUNT: Final = 399
"""One chunk short of 25 MiB: the rest is a prefix that makes the content unique."""
MAX_GROWTH_BYTES: Final = 100 * 1024 * 1024
"""Bytes by which memory may grow."""


async def sample_memory(process: ServerProcess, samples: list[int]) -> None:
    while True:
        samples.append(process.resident_bytes)
        await asyncio.sleep(0.02)


async def request_body(device: int) -> AsyncIterator[bytes]:
    """Stream a start with a file of almost 25 MiB."""
    beginning, _, end = start_body({"a": FilePart(b"CONTENT", "big.bin")}).partition(b"CONTENT")
    yield b"%b%016d" % (beginning, device)
    for _ in range(CHUNK_COUNT):
        yield CHUNK
    yield end


async def send(client: httpx2.AsyncClient, device: int) -> str:
    response = await client.post("/graphql", content=request_body(device), headers=HEADERS)
    digest: str = payload(response.json())["session"]["data"][0]["file"]["sha256"]
    return digest


async def test_memory_of_fifty_concurrent_uploads_is_bounded(tmp_path: Path) -> None:
    limits = httpx2.Limits(max_connections=DEVICES)
    async with (
        server_process(tmp_path / "test.db") as running,
        httpx2.AsyncClient(timeout=300, limits=limits) as client,
    ):
        client.base_url = httpx2.URL(f"http://127.0.0.1:{running.port}")
        await send(client, DEVICES)
        before, highest = running.resident_bytes, [0]
        watching = asyncio.create_task(sample_memory(running, highest))
        sent = await asyncio.gather(*(send(client, device) for device in range(DEVICES)))
        watching.cancel()
    assert sent == [sha256(b"%016d" % device + CHUNK * CHUNK_COUNT) for device in range(DEVICES)]
    assert max(highest) - before < MAX_GROWTH_BYTES, f"{before:,} → {max(highest):,}"
