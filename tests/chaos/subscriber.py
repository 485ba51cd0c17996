"""A client that stays subscribed: it comes back where it was, whatever cuts it off."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import NoReturn

from tests.chaos.client_model import Keeper
from tests.chaos.requests import Wish
from tests.chaos.server_under_test import Site
from tests.chaos.transports import LOST, Dial, Line


class Subscriber:
    """One wish over many connections."""

    def __init__(
        self, dial: Dial, wish: Wish, keeper: Keeper, *, leaves: float = 0.0, forgets: float = 0.0, seed: int = 0
    ) -> None:
        """
        Args:
            dial: how it connects.
            wish: what it asks for.
            keeper: what it makes of the items.
            leaves: how likely it is to say goodbye after an item.
            forgets: how likely it is not to know where it was when it comes back, as a page that is loaded again.
            seed: of its whims.
        """
        self.wish = wish
        self._dial = dial
        self._keeper = keeper
        self._leaves = leaves
        self._forgets = forgets
        self._chance = Random(seed)  # noqa: S311 - repeatable, not secret
        self._line: Line | None = None
        self._told = asyncio.Event()
        self._reads = asyncio.Event()
        self._reads.set()

    async def live(self, site: Site) -> NoReturn:
        """Be told everything."""
        while True:
            port = await site.port()
            if self._chance.random() < self._forgets:
                self._keeper.cursor = None
            with suppress(*LOST):
                await self._connect(port)

    async def _connect(self, port: int) -> None:
        async with self._dial(port, self.wish, self._keeper.cursor) as line:
            self._line = line
            self._keeper.connected()
            try:
                async for item in line:
                    await self._reads.wait()
                    self._keeper.note(item)
                    self._told.set()
                    if self._chance.random() < self._leaves:
                        break
            finally:
                self._line = None

    def cut(self) -> None:
        """Lose the connection, if there is one."""
        if self._line is not None:
            self._line.cut()

    def pause(self) -> None:
        """Read no further."""
        self._reads.clear()

    def go_on(self) -> None:
        """Read on."""
        self._reads.set()

    async def until(self, happened: Callable[[], bool]) -> None:
        """Wait for something that it is told."""
        while not happened():
            self._told.clear()
            await self._told.wait()
