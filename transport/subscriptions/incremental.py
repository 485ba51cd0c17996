"""Incremental delivery of a result with @defer, in the format of graphql-core (Apollo's `incrementalSpec=v0.2`)."""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import AbstractAsyncContextManager
from typing import Any

import orjson
from graphql.execution import (
    CompletedResult,
    ExperimentalIncrementalExecutionResults,
    InitialIncrementalExecutionResult,
    PendingResult,
    SubsequentIncrementalExecutionResult,
)

from transport.clients import Client
from transport.deadlines import is_task_cancelled
from transport.errors import FormattedError
from transport.execution import Execution
from transport.subscriptions.responses import Frame, FrameStream


class IncrementalFrames(FrameStream):
    """The payloads of one result. The context of the operation is exited by `aclose`."""

    def __init__(
        self,
        results: ExperimentalIncrementalExecutionResults,
        context: AbstractAsyncContextManager[Any],
        execution: Execution,
        *,
        client: Client,
        started_at: float,
    ) -> None:
        super().__init__()
        self._initial: InitialIncrementalExecutionResult | None = results.initial_result
        self._subsequent: AsyncGenerator[SubsequentIncrementalExecutionResult, None] = results.subsequent_results
        self._masker = execution.masker
        self._context = context
        self._execution = execution
        self._client = client
        self._deadline = started_at + execution.seconds
        self._pending: set[str] = set()
        self._finished = False

    async def __anext__(self) -> Frame:
        if self._finished:
            raise StopAsyncIteration
        pending_before = frozenset(self._pending)
        initial, self._initial = self._initial, None
        body = await self._next_payload() if initial is None else self._format_initial(initial)
        try:
            return Frame(orjson.dumps(body))
        except TypeError as error:  # a resolver returned a value that JSON cannot express
            errors = [self._masker.mask(error)]
        self._pending = set(pending_before)
        aborted = self._abort_payload(errors)
        return Frame(orjson.dumps(aborted if initial is None else {"data": None, "errors": errors, "hasNext": False}))

    def _format_initial(self, result: InitialIncrementalExecutionResult) -> dict[str, Any]:
        body: dict[str, Any] = {"data": result.data}
        if result.errors:
            body["errors"] = self._masker.format_errors(result.errors)
        return body | {"pending": self._format_pending(result.pending), "hasNext": result.has_next}

    async def _next_payload(self) -> dict[str, Any]:
        try:
            async with self._execution.deadlines.at(self._deadline, self._client) as deadline:
                return self._format_subsequent(await anext(self._subsequent))
        except TimeoutError as error:
            if deadline.expired():
                return self._abort_payload(self._execution.timeout_result(deadline).body["errors"])
            return self._abort_payload([self._masker.mask(error)])
        except Exception as error:  # a fault of the executor itself
            return self._abort_payload([self._masker.mask(error)])
        except asyncio.CancelledError as error:
            if is_task_cancelled():
                raise
            return self._abort_payload([self._masker.mask(error)])

    def _format_subsequent(self, result: SubsequentIncrementalExecutionResult) -> dict[str, Any]:
        body: dict[str, Any] = {"hasNext": result.has_next}
        self._finished = not result.has_next
        if result.pending:
            body["pending"] = self._format_pending(result.pending)
        if result.incremental:
            body["incremental"] = [self._format_masked(part.formatted, part.errors) for part in result.incremental]
        if result.completed:
            body["completed"] = [self._format_completed(part) for part in result.completed]
        return body

    def _format_pending(self, parts: Iterable[PendingResult]) -> list[Any]:
        formatted = [part.formatted for part in parts]
        self._pending.update(part["id"] for part in formatted)
        return formatted

    def _format_completed(self, part: CompletedResult) -> dict[str, Any]:
        self._pending.discard(part.id)
        return self._format_masked(part.formatted, part.errors)

    def _format_masked(self, formatted: Any, errors: Any) -> dict[str, Any]:
        return {**formatted, "errors": self._masker.format_errors(errors)} if errors else formatted

    def _abort_payload(self, errors: list[FormattedError]) -> dict[str, Any]:
        self._finished = True
        completed = [{"id": id_, "errors": errors} for id_ in sorted(self._pending)]
        return {"hasNext": False, "completed": completed}

    async def aclose(self) -> None:
        """Stop the execution and exit the context."""
        self._finished = True
        try:
            await self._subsequent.aclose()
        finally:
            await self._exit_context()

    async def _exit_context(self) -> None:
        try:
            await self._context.__aexit__(None, None, None)
        except Exception as error:  # the context is foreign code, and the result has been sent
            self._masker.mask(error)
