"""`python -m bench.crowd`: orders come in as lines of JSON, `["name", {…}]`; what they lead to goes out as lines."""

import asyncio
import sys

import orjson
import uvloop

from bench.crowd.orders import Orders
from bench.load import LoadFailed


async def serve() -> None:
    """Do what is told, one order after the other, until nobody tells any more."""
    lines = asyncio.StreamReader(limit=2**24)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    orders = Orders()
    while line := await lines.readline():
        name, arguments = orjson.loads(line)
        try:
            said = {"said": await getattr(orders, name)(**arguments)}
        except LoadFailed as error:
            said = {"failed": str(error)}
        print(orjson.dumps(said).decode(), flush=True)


if __name__ == "__main__":
    uvloop.run(serve())
