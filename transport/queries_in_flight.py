"""Identical queries in flight, which share an execution: dashboards that poll.

A query never joins an execution that has begun, and may have read already: its client would see a state that is older
than its request. So the first of identical queries runs at once, by itself. Those that arrive meanwhile gather for the
next execution, which begins when that one is done. A query without company costs no more than the look-up of its key.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from contextlib import suppress
from typing import Any, Final, TypeAlias

from transport.clients import Client
from transport.documents.operation import Operation, variables_key
from transport.request import OperationCall
from transport.results import OperationResult

MAX_WAIT_SECONDS: Final = 0.1
"""After so long, queries that have gathered no longer wait for the execution before them: each has a time limit."""

Execute: TypeAlias = Callable[[OperationCall, Operation, Any], Awaitable[OperationResult]]
"""Executes the operation of a call in a context."""
Encode: TypeAlias = Callable[[OperationResult], tuple[OperationResult, bytes]]


class _SharedExecution:
    """An execution that queries join until it begins."""

    __slots__ = ("task", "waiters")

    def __init__(self, task: "asyncio.Task[OperationResult]") -> None:
        self.task = task
        self.waiters = 0


class QueriesInFlight:
    """`await queries.run(call, operation, context)` executes an operation, or joins an execution that is to begin."""

    def __init__(self, execute: Execute, encode: Encode) -> None:
        self._execute = execute
        self._encode = encode
        self._running: dict[Hashable, asyncio.Event] = {}
        """By key, the execution that began last, as an event that it is done."""
        self._gathering: dict[Hashable, _SharedExecution] = {}
        """By key, the one that follows it."""

    async def run(self, call: OperationCall, operation: Operation, context: Any) -> OperationResult:
        """Return the result of a shareable operation.

        `context` is that of the call. A shared execution has one of its own, of the representative of its clients:
        there is nothing in it to show of one of them.
        """
        if (client := call.access.representative(call.client)) is None:
            return await self._execute(call, operation, context)
        key = operation.text, operation.name, variables_key(call.request.variables), client
        if key in self._running:
            return await self._join(key, call, operation, client)
        return await self._begin(key, call, operation, context)

    async def _begin(self, key: Hashable, call: OperationCall, operation: Operation, context: Any) -> OperationResult:
        done = self._running[key] = asyncio.Event()
        try:
            return await self._execute(call, operation, context)
        finally:
            done.set()
            if self._running.get(key) is done:
                del self._running[key]

    async def _join(self, key: Hashable, call: OperationCall, operation: Operation, client: Client) -> OperationResult:
        shared = self._gathering.get(key)
        if shared is None:
            task = asyncio.create_task(self._execute_for_all(key, call, operation, client, self._running[key]))
            shared = self._gathering[key] = _SharedExecution(task)
        shared.waiters += 1
        try:
            return await asyncio.shield(shared.task)  # cancelling one waiter must not cancel the others
        finally:
            shared.waiters -= 1
            if not shared.waiters and not shared.task.done():
                self._close(key, shared.task)
                shared.task.cancel()
                await asyncio.wait([shared.task])

    async def _execute_for_all(
        self, key: Hashable, call: OperationCall, operation: Operation, client: Client, previous: asyncio.Event
    ) -> OperationResult:
        with suppress(TimeoutError):
            async with asyncio.timeout(MAX_WAIT_SECONDS):
                await previous.wait()
        self._close(key, asyncio.current_task())
        async with call.access.make_context(client) as context:
            result = await self._begin(key, call, operation, context)
        result, result.encoded = self._encode(result)
        return result

    def _close(self, key: Hashable, task: "asyncio.Task[Any] | None") -> None:
        """Let no more queries join an execution."""
        shared = self._gathering.get(key)
        if shared is not None and shared.task is task:
            del self._gathering[key]
