"""Client that stays subscribed, resuming after every disconnect."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import NoReturn

from tests.chaos.client_model import ClientModel
from tests.chaos.requests import SubscriptionRequest
from tests.chaos.server_under_test import ServerUnderTest
from tests.chaos.transports import CONNECTION_ERRORS, TRANSPORTS, SubscriptionStream


class Subscriber:
    def __init__(
        self,
        number: int,
        request: SubscriptionRequest,
        model: ClientModel,
        leave_probability: float = 0.0,
        forget_probability: float = 0.0,
    ) -> None:
        """
        Args:
            number: selects the transport; seed of the random decisions.
            leave_probability: of closing the connection after an item.
            forget_probability: of losing the cursor on reconnect, as a page that is loaded again does.
        """
        self.request = request
        self._transport = TRANSPORTS[number % len(TRANSPORTS)]
        self._model = model
        self._leave_probability = leave_probability
        self._forget_probability = forget_probability
        self._random = Random(number)  # noqa: S311 - repeatable, not secret
        self._stream: SubscriptionStream | None = None
        self._received = asyncio.Event()
        self._reading = asyncio.Event()
        self._reading.set()

    async def run(self, server: ServerUnderTest) -> NoReturn:
        while True:
            port = await server.port()
            if self._random.random() < self._forget_probability:
                self._model.cursor = None
            with suppress(*CONNECTION_ERRORS):
                await self._connect(port)

    async def _connect(self, port: int) -> None:
        async with self._transport(port, self.request, self._model.cursor) as stream:
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
        """Reset the connection, if there is one."""
        if self._stream is not None:
            self._stream.abort()

    def pause(self) -> None:
        """Stop reading."""
        self._reading.clear()

    def resume(self) -> None:
        self._reading.set()

    async def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait until received items make the condition true."""
        while not condition():
            self._received.clear()
            await self._received.wait()
