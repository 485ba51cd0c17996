"""Read batcher: every read is executed, whenever it is queued."""

import asyncio
from typing import Any, cast

from models.database import Database
from resolvers.feed.read_batcher import MAX_TRANSACTIONS, ReadBatcher
from tests.polling import TIMEOUT_SECONDS, wait_until


class BlockedDatabase:
    """Database whose reads all complete once it is opened."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()
        self.open_reads = 0

    async def read(self, _run: Any, queries: Any, _now: int) -> list[Any]:
        self.open_reads += 1
        await self.opened.wait()
        return [query(None) for query in queries]


async def test_read_queued_while_workers_finish_is_executed() -> None:
    database = BlockedDatabase()
    batcher = ReadBatcher(cast("Database", database))

    async def read_twice() -> list[str]:
        return [await batcher.read(1, lambda _: "first"), await batcher.read(1, lambda _: "second")]

    async def read_once() -> str:
        return await batcher.read(1, lambda _: "once")

    first = asyncio.create_task(read_twice())
    await wait_until(lambda: database.open_reads == 1)
    other = asyncio.create_task(read_once())
    await wait_until(lambda: database.open_reads == MAX_TRANSACTIONS)
    database.opened.set()
    async with asyncio.timeout(TIMEOUT_SECONDS):
        assert await first == ["first", "second"]
        assert await other == "once"
    await batcher.drain()
