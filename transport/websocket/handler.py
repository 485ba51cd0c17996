"""One socket: whatever the machine says is done here, and nothing else."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from functools import partial
from time import perf_counter
from typing import Any, TypeAlias

import orjson
from starlette.requests import HTTPConnection
from starlette.types import Scope

from transport.connection import set_connection_params
from transport.documents.operation import Operation as Known
from transport.errors import Code, FormattedError
from transport.subscriptions import Answer, Closing, Frame, StreamCut, Streams
from transport.websocket.actions import Action, Check, Close, CloseCode, Operation, Run, Say, Stop
from transport.websocket.connection import GoneError, Line
from transport.websocket.messages import next_head
from transport.websocket.protocol import Machine, Phase

MakeContext: TypeAlias = Callable[[HTTPConnection], AbstractAsyncContextManager[Any]]


class Socket:
    """One socket, from the moment its subprotocol is agreed."""

    def __init__(self, streams: Streams, make_context: MakeContext, scope: Scope, line: Line) -> None:
        self._streams = streams
        self._make_context = partial(make_context, HTTPConnection(scope))
        self._scope = scope
        self._line = line
        self._time = asyncio.get_running_loop().time
        self._machine = Machine(streams.limits, self._time())
        self._running: dict[Operation, asyncio.Task[None]] = {}
        self._ends: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Serve the client until the socket is closed."""
        try:
            while self._machine.phase is not Phase.CLOSED:
                await self._step()
        except GoneError:
            pass
        finally:
            self._machine.gone()
            tasks = (*self._running.values(), *self._ends)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def drain(self) -> None:
        """The server stops: end soon."""
        self._begin_end(self._machine.drain)

    async def _step(self) -> None:
        try:
            text = await self._line.hear(self._machine.deadline)
        except TimeoutError:
            await self._do(self._machine.tick(self._time(), blocked=self._line.blocked))
            self._machine.asked(self._time())
        else:
            await self._do(self._machine.received(text, self._time()))

    async def _do(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case Say(text):
                    await self._line.say(text)
                case Run(operation):
                    task = self._running[operation] = asyncio.create_task(self._run(operation))
                    task.add_done_callback(partial(self._done, operation))
                case Stop(operation):
                    # Its task is over already where the stream was cut and the socket is not closed yet.
                    if (begun := self._running.get(operation)) is not None:
                        begun.cancel()
                case Check(payload):
                    set_connection_params(self._scope, payload)
                    await self._do(await self._check())
                case Close(code, reason):
                    await self._close(code, reason)

    async def _close(self, code: int, reason: str) -> None:
        for task in self._running.values():
            if task is not asyncio.current_task():
                task.cancel()
        await self._line.close(code, reason)

    def _begin_end(self, end: Callable[[], list[Action]]) -> None:
        # The machine is asked within the task: between its word and the deed nothing may come.
        async def finish() -> None:
            with suppress(GoneError):
                await self._do(end())

        task = asyncio.create_task(finish())
        self._ends.add(task)
        task.add_done_callback(self._ends.discard)

    async def _check(self) -> list[Action]:
        execution = self._streams.execution
        refusal = await execution.within(self._make_context, nothing, execution.mask())
        if refusal is None:
            return self._machine.admitted(self._time())
        if {Code.UNAUTHENTICATED, Code.FORBIDDEN} & set(refusal.codes):
            return self._machine.close(CloseCode.FORBIDDEN, "Forbidden")
        return self._machine.close(CloseCode.TRY_AGAIN_LATER, refusal.codes[0])

    async def _run(self, operation: Operation) -> None:
        began = perf_counter()
        known: list[Known] = []
        outcome: str | list[str] = "gone"
        try:
            answer = await self._streams.open(operation.request, self._make_context, known.append)
            errors = await self._relay(operation, answer)
            outcome = codes(errors) or answer.outcome.codes or "ok"
            await self._do(self._after(operation, answer, errors))
        except Closing:
            self.drain()
        except StreamCut:
            self._too_slow()
        except GoneError:
            pass  # whoever listens learns of it, too
        finally:
            if outcome == "gone" and operation.endless:
                outcome = "ok"  # subscriptions end by being left
            seconds = perf_counter() - began
            self._streams.execution.record(known[0] if known else None, outcome, status=None, seconds=seconds)

    def _done(self, operation: Operation, _: asyncio.Task[None]) -> None:
        del self._running[operation]

    async def _relay(self, operation: Operation, answer: Answer) -> list[FormattedError] | None:
        """Send the results. Left to tell are the errors of an operation that was not executed, or broke off."""
        frames, head = answer.frames, next_head(operation.id)

        def directly(told: Sequence[Frame]) -> bool:
            return self._machine.is_running(operation) and self._line.write(
                [head + frame.payload + b"}" for frame in told]
            )

        try:
            if answer.kind == "subscription":
                frames.on_too_slow, frames.directly = self._too_slow, directly
                await self._do(self._machine.streams(operation))
            async for frame in frames:
                if answer.refused or frame.failed:
                    errors: list[FormattedError] = orjson.loads(frame.payload)["errors"]
                    return errors
                if frame.payload:
                    await self._line.say(head + frame.payload + b"}")
            return None
        finally:
            await frames.aclose()

    def _after(self, operation: Operation, answer: Answer, errors: list[FormattedError] | None) -> list[Action]:
        if answer.operation is None and Code.UNAUTHENTICATED in codes(errors):
            # There was no context: the client may no longer ask.
            return self._machine.close(CloseCode.FORBIDDEN, "Forbidden")
        return self._machine.ended(operation, errors)

    def _too_slow(self) -> None:
        self._begin_end(partial(self._machine.close, CloseCode.TRY_AGAIN_LATER, "Too slow"))


async def nothing(_context: Any) -> None:
    """Whoever gets a context may come in."""


def codes(errors: list[FormattedError] | None) -> list[str]:
    """The codes of some errors, each once, sorted."""
    return sorted({str(error["extensions"]["code"]) for error in errors or ()})
