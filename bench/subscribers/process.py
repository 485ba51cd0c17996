"""The client side of the subscribers' process."""

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
    """Runs the methods of `bench.subscribers.commands.Commands` in another process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def call(self, command: str, **arguments: Any) -> dict[str, Any]:
        """Run a command and return its result. Raises LoadFailed."""
        reader, writer = self._process.stdout, self._process.stdin
        assert reader is not None
        assert writer is not None
        writer.write(orjson.dumps([command, arguments]) + b"\n")
        line = await reader.readline()
        if not line:
            raise LoadFailed(f"the process of the subscribers ended during {command}")
        response: dict[str, Any] = orjson.loads(line)
        if "error" in response:
            raise LoadFailed(f"{command}: {response['error']}")
        result: dict[str, Any] = response["result"]
        return result


@asynccontextmanager
async def start_subscriber_process(cores: set[int] | None) -> AsyncIterator[SubscriberProcess]:
    """Start a process on these cores, or on any."""
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
    transport: str = "websocket",
) -> AsyncIterator[None]:
    """Keep `count` live subscribers of a server. Raises LoadFailed."""
    arguments = {"port": server.port, "documents": documents, "count": count, "sessions": server.sessions}
    await process.call("open", **arguments, transport=transport)
    try:
        yield
    finally:
        await process.call("close")
