"""The process of the subscribers: commands come in as lines of JSON, `["name", {…}]`, results go out as lines."""

import asyncio
import sys

import orjson
import uvloop

from bench.load_generator import LoadFailed
from bench.subscribers.commands import Commands


async def serve() -> None:
    """Run one command after the other until the input ends."""
    lines = asyncio.StreamReader(limit=2**24)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    commands = Commands()
    while line := await lines.readline():
        name, arguments = orjson.loads(line)
        try:
            response = {"result": await getattr(commands, name)(**arguments)}
        except LoadFailed as error:
            response = {"error": str(error)}
        print(orjson.dumps(response).decode(), flush=True)


if __name__ == "__main__":
    uvloop.run(serve())
