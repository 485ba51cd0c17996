"""Results that come in parts, because a fragment is deferred: in the form in which graphql-core gives them."""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import AsyncExitStack
from typing import Any

import orjson
from graphql.execution import (
    CompletedResult,
    ExperimentalIncrementalExecutionResults,
    InitialIncrementalExecutionResult,
    PendingResult,
    SubsequentIncrementalExecutionResult,
)

from transport.errors import FormattedError
from transport.execution import Execution, is_cancelled
from transport.masking import Mask
from transport.subscriptions.responses import Frame, Frames


class Incremental(Frames):
    """The parts of one result. The context of the operation is left when they have been given, or on closing."""

    def __init__(
        self,
        results: ExperimentalIncrementalExecutionResults,
        mask: Mask,
        context: AsyncExitStack,
        execution: Execution,
        *,
        began: float,
    ) -> None:
        super().__init__()
        self._initial: InitialIncrementalExecutionResult | None = results.initial_result
        self._further: AsyncGenerator[SubsequentIncrementalExecutionResult, None] = results.subsequent_results
        self._mask = mask
        self._context = context
        self._execution = execution
        self._deadline = began + execution.seconds
        self._pending: set[str] = set()
        self._over = False

    async def __anext__(self) -> Frame:
        if self._over:
            raise StopAsyncIteration
        told = frozenset(self._pending)
        initial, self._initial = self._initial, None
        body = await self._part() if initial is None else self._first(initial)
        try:
            return Frame(orjson.dumps(body))
        except TypeError as error:  # a resolver returned what JSON has no form for
            errors = [self._mask.surprise(error)]
        self._pending = set(told)
        broken = self._broken(errors)
        return Frame(orjson.dumps(broken if initial is None else {"data": None, "errors": errors, "hasNext": False}))

    def _first(self, result: InitialIncrementalExecutionResult) -> dict[str, Any]:
        body: dict[str, Any] = {"data": result.data}
        if result.errors:
            body["errors"] = self._mask.apply(result.errors)
        return body | {"pending": self._begun(result.pending), "hasNext": result.has_next}

    async def _part(self) -> dict[str, Any]:
        try:
            async with self._execution.deadlines.at(self._deadline) as deadline:
                return self._further_part(await anext(self._further))
        except TimeoutError as error:
            late = deadline.expired()
            return self._broken(self._execution.late().body["errors"] if late else [self._mask.surprise(error)])
        except Exception as error:  # a fault of the executor itself
            return self._broken([self._mask.surprise(error)])
        except asyncio.CancelledError as error:
            if is_cancelled():
                raise
            return self._broken([self._mask.surprise(error)])

    def _further_part(self, result: SubsequentIncrementalExecutionResult) -> dict[str, Any]:
        body: dict[str, Any] = {"hasNext": result.has_next}
        self._over = not result.has_next
        if result.pending:
            body["pending"] = self._begun(result.pending)
        if result.incremental:
            body["incremental"] = [self._masked(part.formatted, part.errors) for part in result.incremental]
        if result.completed:
            body["completed"] = [self._done(part) for part in result.completed]
        return body

    def _begun(self, parts: Iterable[PendingResult]) -> list[Any]:
        formatted = [part.formatted for part in parts]
        self._pending.update(part["id"] for part in formatted)
        return formatted

    def _done(self, part: CompletedResult) -> dict[str, Any]:
        self._pending.discard(part.id)
        return self._masked(part.formatted, part.errors)

    def _masked(self, formatted: Any, errors: Any) -> dict[str, Any]:
        return {**formatted, "errors": self._mask.apply(errors)} if errors else formatted

    def _broken(self, errors: list[FormattedError]) -> dict[str, Any]:
        self._over = True
        completed = [{"id": id_, "errors": errors} for id_ in sorted(self._pending)]
        return {"hasNext": False, "completed": completed}

    async def aclose(self) -> None:
        """Stop what is still being executed, and leave the context."""
        self._over = True
        try:
            await self._further.aclose()
        finally:
            await self._leave()

    async def _leave(self) -> None:
        try:
            await self._context.aclose()
        except Exception as error:  # the context is the caller's; the answer has been given
            self._mask.surprise(error)
