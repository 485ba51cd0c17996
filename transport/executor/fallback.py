"""Fallback: graphql-core executes what a plan could not, and the resolver of a root field still runs once only."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from graphql.execution import Executor, MiddlewareManager


class Outcome:
    """What the resolver of a root field has returned or raised.

    The value may have awaitables in it, such as the items of a list. Most can be awaited once, so graphql-core gets
    what has come of them.
    """

    __slots__ = ("_error", "_is_awaitable", "_is_known", "_value", "_within")

    def __init__(self) -> None:
        self._within: dict[int, tuple[Awaitable[Any], Outcome | asyncio.Future[Any]]] = {}
        """Other awaitables of the run by their identity."""
        self._is_known = False
        self._is_awaitable = False
        self._value: Any = None
        self._error: Exception | None = None

    def record(self, resolve: Callable[[], Any]) -> Any:
        """Call a resolver. Returns and raises what it does."""
        try:
            value = self._value = resolve()
        except Exception as error:
            self._error = error
            raise
        finally:
            self._is_known = True
        return value

    async def record_awaited(self, awaitable: Awaitable[Any]) -> Any:
        """Await what the resolver has returned."""
        self._is_awaitable = True
        try:
            value = self._value = await awaitable
        except Exception as error:
            self._error = error
            raise
        return value

    async def record_within(self, awaitable: Awaitable[Any]) -> Any:
        """Await another awaitable of the run."""
        outcome = Outcome()
        self._within[id(awaitable)] = awaitable, outcome
        return await outcome.record_awaited(awaitable)

    def record_future(self, awaitable: Awaitable[Any], future: "asyncio.Future[Any]") -> None:
        """Record the future in which another awaitable of the run is awaited."""
        self._within[id(awaitable)] = awaitable, future

    async def again(self, awaitable: Awaitable[Any]) -> Any:
        """Await what the run may have awaited before."""
        _, known = self._within.get(id(awaitable), (None, awaitable))
        return known.repeat() if isinstance(known, Outcome) else await known

    def resolver(self, resolve: Callable[..., Any]) -> Callable[..., Any]:
        """Return a resolver with this outcome; the resolver itself if it has not run."""
        if not self._is_known:
            return resolve
        return self._repeat_awaitable if self._is_awaitable else self.repeat

    def repeat(self, *_: Any, **_arguments: Any) -> Any:
        if self._error is not None:
            raise self._error
        return self._value

    async def _repeat_awaitable(self, *_: Any, **_arguments: Any) -> Any:
        return self.repeat()


class Repeated(MiddlewareManager):
    """Middleware of one field: puts the outcome in the place of its resolver, and removes itself."""

    def __init__(self, executor: Executor[Any], outcome: Outcome) -> None:
        super().__init__()
        self._executor = executor
        self._outcome = outcome

    def get_field_resolver(self, field_resolver: Callable[..., Any]) -> Callable[..., Any]:
        self._executor.middleware_manager = None  # the fields below have their own resolvers
        return self._outcome.resolver(field_resolver)
