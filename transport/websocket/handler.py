"""Handler of one WebSocket: performs the actions of the protocol."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from time import perf_counter

import orjson
from starlette.requests import HTTPConnection
from starlette.types import Scope

from transport.clients import Access, Client
from transport.errors import Code, RequestError
from transport.request import OperationCall, set_connection_params
from transport.results import OperationResult
from transport.subscriptions import AccessEnded, Frame, ServerShutdown, StreamClosed, StreamManager, StreamResponse
from transport.websocket.connection import Connection, Disconnected
from transport.websocket.messages import next_prefix
from transport.websocket.protocol import (
    Action,
    Authenticate,
    Close,
    CloseCode,
    Operation,
    Phase,
    ProtocolStateMachine,
    Run,
    Send,
    Stop,
)


class ConnectionHandler:
    """One socket, from the agreement on the subprotocol on."""

    def __init__(
        self, streams: StreamManager, access: Access, scope: Scope, connection: Connection, address: str = ""
    ) -> None:
        self._streams = streams
        self._access = access
        self._scope = scope
        self._client: Client | None = None
        """None until it is authenticated."""
        self._connection = connection
        self._address = address
        self._time = asyncio.get_running_loop().time
        self._protocol = ProtocolStateMachine(streams.limits, self._time())
        self._running: dict[Operation, asyncio.Task[None]] = {}
        self._closing_tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        try:
            while self._protocol.phase is not Phase.CLOSED:
                await self._step()
        except Disconnected:
            pass
        except Exception as error:  # a fault of the server, or too little memory for a message
            self._streams.execution.masker.mask(error)
            with suppress(Disconnected):
                await self._perform(self._protocol.close(CloseCode.TRY_AGAIN_LATER, "Internal error"))
        finally:
            self._protocol.disconnected()
            if self._client is not None:
                self._streams.open_resources.remove(self._client, self)
                if self._client.id:
                    self._streams.stream_limits.tokens.remove(self._client.id)
            tasks = (*self._running.values(), *self._closing_tasks)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def drain(self) -> None:
        """Close the socket when its queries and mutations have ended, as the server is stopping."""
        self._close_in_background(self._protocol.drain)

    def end_access(self) -> None:
        """Close the socket, as the client's access has ended."""
        self._close_in_background(partial(self._protocol.close, CloseCode.FORBIDDEN, "Access has ended"))

    async def _step(self) -> None:
        try:
            text = await self._connection.receive(self._protocol.deadline)
        except TimeoutError:
            await self._perform(self._protocol.tick(self._time(), blocked=self._connection.is_blocked))
            self._protocol.ping_sent(self._time())
        else:
            await self._perform(self._protocol.received(text, self._time()))

    async def _perform(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case Send(text):
                    await self._connection.send(text)
                case Run(operation):
                    task = self._running[operation] = asyncio.create_task(self._run(operation))
                    task.add_done_callback(partial(self._running.pop, operation))
                case Stop(operation):
                    # Its task has ended if the stream was closed, but not yet the socket.
                    if (running := self._running.get(operation)) is not None:
                        running.cancel()
                case Authenticate(payload):
                    set_connection_params(self._scope, payload)
                    await self._perform(await self._authenticate())
                case Close(code, reason):
                    await self._close(code, reason)

    async def _close(self, code: int, reason: str) -> None:
        for task in self._running.values():
            if task is not asyncio.current_task():
                task.cancel()
        await self._connection.close(code, reason)

    def _close_in_background(self, decide: Callable[[], list[Action]]) -> None:
        # Ask the state machine inside the task, so that no message can arrive between decision and action.
        async def finish() -> None:
            with suppress(Disconnected):
                await self._perform(decide())

        task = asyncio.create_task(finish())
        self._closing_tasks.add(task)
        task.add_done_callback(self._closing_tasks.discard)

    async def _authenticate(self) -> list[Action]:
        connection, started = HTTPConnection(self._scope), perf_counter()
        try:
            client = await self._streams.execution.authenticate(self._access.authenticate(connection))
            if client.id:
                self._streams.stream_limits.tokens.add(client.id)
        except RequestError as refusal:
            self._streams.execution.rate_limits.charge_refusal(self._address, refusal)
            code = refusal.errors[0]["extensions"]["code"]
            seconds = perf_counter() - started
            self._streams.execution.record(None, [code], status=None, seconds=seconds, logged=refusal.logged)
            if code in (Code.UNAUTHENTICATED, Code.FORBIDDEN):
                return self._protocol.close(CloseCode.FORBIDDEN, "Forbidden")
            return self._protocol.close(CloseCode.TRY_AGAIN_LATER, code)
        self._client = client
        self._streams.open_resources.add(client, self, self.end_access)
        return self._protocol.authenticated(self._time())

    async def _run(self, operation: Operation) -> None:
        started = perf_counter()
        assert self._client is not None, "operations run after authentication"
        quota = self._streams.execution.rate_limits.of_client(self._access, self._client, self._address)
        call = OperationCall(operation.request, self._client, self._access, quota=quota)
        outcome: str | list[str] = "gone"
        logged = True
        try:
            response = await self._streams.open(call)
            failed = await self._forward(operation, response)
            outcome, logged = (failed or response.result).error_codes or "ok", response.result.logged
            if failed is not None and response.operation is None and Code.UNAUTHENTICATED in failed.error_codes:
                # No context could be made: the client's authentication has expired.
                await self._perform(self._protocol.close(CloseCode.FORBIDDEN, "Forbidden"))
            else:
                errors = None if failed is None else failed.body["errors"]
                await self._perform(self._protocol.operation_ended(operation, errors))
        except ServerShutdown:
            self.drain()
        except AccessEnded:
            self.end_access()
        except StreamClosed:
            self._on_slow_consumer()
        except Disconnected:
            pass  # `run` notices it, too
        except Exception as error:  # as in `run`; it concerns this operation alone
            masked = self._streams.execution.masker.mask(error)
            outcome = [masked["extensions"]["code"]]
            with suppress(Disconnected):
                await self._perform(self._protocol.operation_ended(operation, [masked]))
        finally:
            if outcome == "gone" and operation.is_subscription:
                outcome = "ok"  # clients end subscriptions by disconnecting
            seconds = perf_counter() - started
            self._streams.execution.record(call.operation, outcome, status=None, seconds=seconds, logged=logged)

    async def _forward(self, operation: Operation, response: StreamResponse) -> OperationResult | None:
        """Send the results. Returns the one with the errors if the operation was not executed, or failed as a whole."""
        frames, prefix = response.frames, next_prefix(operation.id)

        def try_send(results: Sequence[Frame]) -> bool:
            return self._protocol.is_running(operation) and self._connection.try_send(
                [prefix + frame.payload + b"}" for frame in results]
            )

        try:
            if response.kind == "subscription":
                frames.on_slow_consumer, frames.try_send = self._on_slow_consumer, try_send
                await self._perform(self._protocol.mark_subscription(operation))
            async for frame in frames:
                if response.refused or frame.failed:
                    return OperationResult(orjson.loads(frame.payload))
                if frame.payload:
                    await self._connection.send(prefix + frame.payload + b"}")
            return None
        finally:
            await frames.aclose()

    def _on_slow_consumer(self) -> None:
        self._close_in_background(partial(self._protocol.close, CloseCode.TRY_AGAIN_LATER, "Too slow"))
