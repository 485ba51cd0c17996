"""Fallback: graphql-core executes what a plan could not, but no root field of a mutation a second time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from graphql.execution import MiddlewareManager

PathTuple: TypeAlias = Any
"""Path of a value in the result, as graphql-core's `Path`: path above, key, type name. Most are never looked at."""


class Outcome:
    """What a resolver has returned or raised."""

    __slots__ = ("_error", "_is_awaitable", "_value")

    def __init__(self) -> None:
        self._is_awaitable = False
        self._value: Any = None
        self._error: Exception | None = None

    def call(self, resolve: Callable[[], Any]) -> Any:
        """Call a resolver. Returns and raises what it does."""
        try:
            value = self._value = resolve()
        except Exception as error:
            self._error = error
            raise
        return value

    async def wait(self, awaitable: Awaitable[Any]) -> Any:
        """Await what the resolver has returned."""
        self._is_awaitable = True
        try:
            value = self._value = await awaitable
        except Exception as error:
            self._error = error
            raise
        return value

    def repeat(self) -> Any:
        """Return or raise the same, or an awaitable that does."""
        return self.repeat_awaited() if self._is_awaitable else self._repeat()

    async def repeat_awaited(self) -> Any:
        return self._repeat()

    def _repeat(self) -> Any:
        if self._error is not None:
            raise self._error
        return self._value


class Outcomes:
    """What has come of one run, for graphql-core to repeat."""

    __slots__ = ("_awaited", "root")

    def __init__(self, root: Outcome | None) -> None:
        self.root = root
        """Of the root field of a mutation, whose resolver runs once."""
        self._awaited: list[tuple[Awaitable[Any], Outcome | asyncio.Future[Any]]] = []

    def add(self, awaitable: Awaitable[Any], known: "Outcome | asyncio.Future[Any]") -> None:
        """Add what comes of an awaitable."""
        self._awaited.append((awaitable, known))

    def awaited(self) -> "dict[int, Outcome | asyncio.Future[Any]]":
        """Return what has come of awaitables by their identity, which lasts as long as this object."""
        return {id(awaitable): known for awaitable, known in self._awaited}


class Repeated(MiddlewareManager):
    """Middleware of an execution: puts an outcome in the place of the resolver of a mutation's root field."""

    def __init__(self, outcomes: Outcomes) -> None:
        super().__init__()
        self._outcomes = outcomes
        self._awaited = outcomes.awaited()

    def get_field_resolver(self, field_resolver: Callable[..., Any]) -> Callable[..., Any]:
        root = self._outcomes.root
        if root is None:
            return field_resolver

        def resolve(source: Any, info: Any, **arguments: Any) -> Any:
            return field_resolver(source, info, **arguments) if info.path.prev else root.repeat()

        return resolve

    async def wait(self, awaitable: Awaitable[Any]) -> Any:
        """Await something. Values may have awaitables in them, such as list items, and most can be awaited once."""
        known = self._awaited.get(id(awaitable), awaitable)
        return await (known.repeat_awaited() if isinstance(known, Outcome) else known)
