"""The process of a crowd, seen from the outside."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import orjson

from bench.load_generator import LoadFailed
from bench.servers import ROOT, Server


class SubscriberProcess:
    """Does what `bench.subscribers.commands.Orders` can, over there."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def call(self, command: str, **arguments: Any) -> dict[str, Any]:
        """Have an order carried out. Raises LoadFailed."""
        reader, writer = self._process.stdout, self._process.stdin
        assert reader is not None
        assert writer is not None
        writer.write(orjson.dumps([command, arguments]) + b"\n")
        line = await reader.readline()
        if not line:
            raise LoadFailed(f"the crowd's process has ended while it should {command}")
        response: dict[str, Any] = orjson.loads(line)
        if "failed" in response:
            raise LoadFailed(f"{command}: {response['failed']}")
        result: dict[str, Any] = response["said"]
        return result


@asynccontextmanager
async def start_subscriber_process(cores: set[int] | None) -> AsyncIterator[SubscriberProcess]:
    """A process for crowds, on these cores where given."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.subscribers"),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**20,
    )
    try:
        if cores is not None:
            os.sched_setaffinity(process.pid, cores)
        yield SubscriberProcess(process)
    finally:
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()


@asynccontextmanager
async def subscribed(
    server: Server,
    process: SubscriberProcess,
    documents: Sequence[Mapping[str, Any]],
    count: int,
    kind: str = "sockets",
) -> AsyncIterator[None]:
    """So many live watchers of a server, who are shown its sessions. Raises LoadFailed."""
    await process.call("open", port=server.port, documents=documents, count=count, sessions=server.sessions, kind=kind)
    try:
        yield
    finally:
        await process.call("close")
