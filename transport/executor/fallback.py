"""Fallback: graphql-core executes what a plan could not, and repeats what has come of resolvers meanwhile."""

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


Known: TypeAlias = "Outcome | asyncio.Future[Any]"


class Outcomes:
    """What has come of the fields of one run: of root fields, and of all that it has waited for."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: list[tuple[PathTuple, Awaitable[Any] | None, Known]] = []

    def add(self, path: PathTuple, awaitable: Awaitable[Any] | None, known: Known) -> None:
        """Add what comes of the field or list item at a path, from an awaitable if it is one."""
        self._known.append((path, awaitable, known))

    def by_path(self) -> dict[tuple[str | int, ...], Known]:
        return {_keys(path): known for path, _, known in self._known}

    def by_awaitable(self) -> dict[int, tuple[Awaitable[Any], Known]]:
        """Return them by the identity of the awaitable."""
        return {id(awaitable): (awaitable, known) for _, awaitable, known in self._known if awaitable is not None}


class Repeated(MiddlewareManager):
    """Middleware of an execution: puts outcomes in the place of resolvers."""

    def __init__(self, outcomes: Outcomes) -> None:
        super().__init__()
        self._by_path = outcomes.by_path()
        self._by_awaitable = outcomes.by_awaitable()

    def get_field_resolver(self, field_resolver: Callable[..., Any]) -> Callable[..., Any]:
        def resolve(source: Any, info: Any, **arguments: Any) -> Any:
            known = self._by_path.get(tuple(info.path.as_list()))
            if known is None:
                return field_resolver(source, info, **arguments)
            return known.repeat() if isinstance(known, Outcome) else known

        return resolve

    async def wait(self, awaitable: Awaitable[Any]) -> Any:
        """Await something. Values may have awaitables in them, such as list items, and most can be awaited once."""
        _, known = self._by_awaitable.get(id(awaitable), (None, awaitable))
        return await (known.repeat_awaited() if isinstance(known, Outcome) else known)


def _keys(path: PathTuple) -> tuple[str | int, ...]:
    keys = []
    while path is not None:
        path, key, _ = path
        keys.append(key)
    return tuple(reversed(keys))
