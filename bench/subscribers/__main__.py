"""`python -m bench.subscribers`: commands in, results out, each a line of JSON (`["name", {…}]`)."""

import asyncio
import sys

import orjson
import uvloop

from bench.load_generator import LoadFailed
from bench.subscribers.commands import Commands


async def serve() -> None:
    """Do what is told, one order after the other, until nobody tells any more."""
    lines = asyncio.StreamReader(limit=2**24)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    orders = Commands()
    while line := await lines.readline():
        name, arguments = orjson.loads(line)
        try:
            said = {"said": await getattr(orders, name)(**arguments)}
        except LoadFailed as error:
            said = {"failed": str(error)}
        print(orjson.dumps(said).decode(), flush=True)


if __name__ == "__main__":
    uvloop.run(serve())
