"""A client that stays subscribed: it comes back where it was, whatever cuts it off."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import NoReturn

from tests.chaos.client_model import ClientModel
from tests.chaos.requests import SubscriptionRequest
from tests.chaos.server_under_test import ServerUnderTest
from tests.chaos.transports import CONNECTION_ERRORS, SubscriptionStream, Transport


class Subscriber:
    """One wish over many connections."""

    def __init__(
        self,
        transport: Transport,
        request: SubscriptionRequest,
        model: ClientModel,
        *,
        leave_probability: float = 0.0,
        forget_probability: float = 0.0,
        seed: int = 0,
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
        self.wish = request
        self._transport = transport
        self._model = model
        self._leave_probability = leave_probability
        self._forget_probability = forget_probability
        self._random = Random(seed)  # noqa: S311 - repeatable, not secret
        self._stream: SubscriptionStream | None = None
        self._received = asyncio.Event()
        self._reading = asyncio.Event()
        self._reading.set()

    async def run(self, server: ServerUnderTest) -> NoReturn:
        """Be told everything."""
        while True:
            port = await server.port()
            if self._random.random() < self._forget_probability:
                self._model.cursor = None
            with suppress(*CONNECTION_ERRORS):
                await self._connect(port)

    async def _connect(self, port: int) -> None:
        async with self._transport(port, self.wish, self._model.cursor) as stream:
            self._stream = stream
            self._model.on_connect()
            try:
                async for item in stream:
                    await self._reading.wait()
                    self._model.on_item(item)
                    self._received.set()
                    if self._random.random() < self._leave_probability:
                        break
            finally:
                self._stream = None

    def abort(self) -> None:
        """Lose the connection, if there is one."""
        if self._stream is not None:
            self._stream.abort()

    def pause(self) -> None:
        """Read no further."""
        self._reading.clear()

    def resume(self) -> None:
        """Read on."""
        self._reading.set()

    async def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait for something that it is told."""
        while not condition():
            self._received.clear()
            await self._received.wait()
