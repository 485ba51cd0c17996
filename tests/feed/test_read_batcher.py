"""Questions that are asked together: each is answered, whenever it comes."""

import asyncio
from typing import Any, cast

from models.database import Database
from resolvers.feed.read_batcher import MAX_TRANSACTIONS, ReadBatcher
from tests.polling import TIMEOUT_SECONDS, wait_until


class BlockedDatabase:
    """A database that answers nothing until it is opened; then everything at the same moment."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()
        self.open_reads = 0

    async def read(self, _run: Any, questions: Any, _now: int) -> list[Any]:
        """Whatever is asked."""
        self.open_reads += 1
        await self.opened.wait()
        return [question(None) for question in questions]


async def test_read_queued_while_workers_finish_is_executed() -> None:
    gate = BlockedDatabase()
    asking = ReadBatcher(cast("Database", gate))

    async def ask_again() -> list[str]:
        return [await asking.read(1, lambda _: "first"), await asking.read(1, lambda _: "second")]

    async def ask_once() -> str:
        return await asking.read(1, lambda _: "once")

    first = asyncio.create_task(ask_again())
    await wait_until(lambda: gate.open_reads == 1)
    other = asyncio.create_task(ask_once())
    await wait_until(lambda: gate.open_reads == MAX_TRANSACTIONS)
    gate.opened.set()
    async with asyncio.timeout(TIMEOUT_SECONDS):
        assert await first == ["first", "second"]
        assert await other == "once"
    await asking.drain()
