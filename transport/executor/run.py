"""One execution of a plan: what resolvers need of it, and the values that it waits for."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from inspect import CORO_CREATED, getcoroutinestate, iscoroutine
from types import SimpleNamespace
from typing import Any, Final, NamedTuple, TypeAlias

from graphql import GraphQLResolveInfo, GraphQLResolveInfoHelpers
from graphql.execution import Executor
from graphql.pyutils import Path, is_awaitable

from transport.executor.fallback import Outcome, Outcomes, PathTuple
from transport.executor.plan import PlannedField, Unplanned

Complete: TypeAlias = Callable[[Any, "Run", Any, Any, PathTuple], Any]
"""Function of a value, a run, the list or dict and the key that the completed value will stand at, and the path.

It returns the completed value. If it must be waited for, it returns None, and the value is set later.
"""


class PlannedInfo(GraphQLResolveInfo[Any]):
    """Resolve info that knows its planned field, for look-ahead."""

    planned: PlannedField


class _Waiting(NamedTuple):
    """An awaitable, and where its value goes."""

    awaitable: Awaitable[Any]
    complete: Complete
    container: Any
    key: Any
    path: PathTuple


class Run:
    """The state of one execution. Values that are awaitable are collected while functions run, and awaited together."""

    __slots__ = ("_together", "_waiting", "context", "executor", "outcomes", "variables")

    def __init__(self, executor: Executor[Any], root: Outcome | None = None) -> None:
        self.executor = executor
        self.outcomes = Outcomes(root)
        self.context = executor.context_value
        self.variables = executor.variable_values
        self._waiting: list[_Waiting] = []
        self._together: _Together | None = None

    def info(self, planned: PlannedField, path: PathTuple) -> PlannedInfo:
        """Return the resolve info of a field, as graphql-core would build it."""
        executor = self.executor
        info = tuple.__new__(
            PlannedInfo,
            (
                planned.nodes[0].name.value,
                planned.nodes,
                planned.definition.type,
                planned.parent_type,
                _to_path(path),
                executor.schema,
                executor.fragment_definitions,
                executor.root_value,
                executor.operation,
                self.variables,
                self.context,
                executor.is_awaitable,
                executor.abort_signal,
                ASYNC_HELPERS,
            ),
        )
        info.planned = planned
        return info

    def start(self, planned: PlannedField, complete: Complete, data: dict[str, Any]) -> None:
        """Execute a root field as far as it can be without waiting."""
        path = (None, planned.name, planned.parent_type.name)
        arguments = {} if planned.arguments is None else planned.arguments(self.variables)
        resolve = partial(self._resolve, planned, path, arguments)
        root = self.outcomes.root
        value = resolve() if root is None else root.call(resolve)
        if root is not None and is_awaitable(value):
            value = root.wait(value)
        data[planned.name] = complete(value, self, data, planned.name, path)

    def _resolve(self, planned: PlannedField, path: PathTuple, arguments: Mapping[str, Any]) -> Any:
        source = self.executor.root_value
        if planned.is_typename:
            return planned.parent_type.name
        if planned.read is not None:
            return planned.read(source, self.context)
        return planned.resolve(source, self.info(planned, path), **arguments)

    def wait(self, awaitable: Awaitable[Any], complete: Complete, container: Any, key: Any, path: PathTuple) -> None:
        """Set a value later."""
        self._waiting.append(_Waiting(awaitable, complete, container, key, path))

    @property
    def is_waiting(self) -> bool:
        return bool(self._waiting)

    async def finish(self) -> None:
        """Wait for all values, and for those that they lead to."""
        while waiting := self._waiting:
            if len(waiting) > 1:
                self._together = _Together(self)
                await self._together.finish()
                self._together = None  # a reference cycle
            else:  # most operations have one: it needs no task
                (each,) = waiting
                waiting.clear()
                outcome = Outcome()
                self.outcomes.add(each.awaitable, outcome)
                self.resume(each, await outcome.wait(each.awaitable))

    def resume(self, waiting: _Waiting, value: Any) -> None:
        """Complete a value that has arrived."""
        _, complete, container, key, path = waiting
        if is_awaitable(value):
            raise Unplanned  # graphql-core awaits once
        container[key] = complete(value, self, container, key, path)

    def take_waiting(self) -> list[_Waiting]:
        waiting, self._waiting = self._waiting, []
        return waiting

    def close(self) -> None:
        """Close coroutines that have not begun."""
        for waiting in self.take_waiting():
            awaitable = waiting.awaitable
            if iscoroutine(awaitable) and getcoroutinestate(awaitable) == CORO_CREATED:
                awaitable.close()

    async def cancel(self) -> None:
        """Cancel what this run has started, and close the rest."""
        self.close()
        if self._together is not None:
            together, self._together = self._together, None  # a reference cycle
            await together.cancel()


class _Together:
    """Values that are awaited at the same time. Each is completed when it arrives: the slow hold up none of the others.

    Those that arrive in the same step of the event loop are completed together, so that what they load next is loaded
    by one statement.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._count = 0
        self._ended: deque[tuple[_Waiting, asyncio.Future[Any]]] = deque()
        self._running: dict[asyncio.Future[Any], bool] = {}
        """With whether this run has started it: other futures, such as a loader's, belong to their maker."""
        self._wake: asyncio.Future[None] | None = None

    async def finish(self) -> None:
        try:
            self._start()
            while self._count:
                if not self._ended:
                    self._wake = asyncio.get_running_loop().create_future()
                    await self._wake
                while self._ended:
                    waiting, future = self._ended.popleft()
                    self._count -= 1
                    self._run.resume(waiting, future.result())
                self._start()
        except asyncio.CancelledError:
            await _cancel(self._running)  # others' futures as well, as `await` does
            raise

    def _start(self) -> None:
        for waiting in self._run.take_waiting():
            future = asyncio.ensure_future(waiting.awaitable)
            self._running[future] = future is not waiting.awaitable
            self._run.outcomes.add(waiting.awaitable, future)
            self._count += 1
            future.add_done_callback(partial(self._on_end, waiting))

    def _on_end(self, waiting: _Waiting, future: asyncio.Future[Any]) -> None:
        self._running.pop(future, None)  # several places may wait for it
        if not future.cancelled():
            future.exception()  # else asyncio logs those that nothing looks at because another one came first
        self._ended.append((waiting, future))
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    async def cancel(self) -> None:
        """Cancel what this run has started."""
        await _cancel(future for future, is_own in self._running.items() if is_own)


async def _cancel(futures: Iterable[asyncio.Future[Any]]) -> None:
    if running := list(futures):
        for future in running:
            future.cancel()
        await asyncio.wait(running)


def _to_path(path: PathTuple) -> Path:
    above, key, type_name = path
    return Path(None if above is None else _to_path(above), key, type_name)


# Helpers for resolvers. Bound to an executor, as graphql-core binds them, they are a reference cycle, which keeps all
# objects of a request until the collector runs.
_FUTURES: Final[Any] = SimpleNamespace(background_futures=set())
_BACKGROUND: Final[Any] = SimpleNamespace(
    is_awaitable=is_awaitable, settle_in_background=partial(Executor.settle_in_background, _FUTURES)
)
ASYNC_HELPERS: Final = GraphQLResolveInfoHelpers(
    partial(Executor.gather_async_work, _BACKGROUND), partial(Executor.track_async_work, _BACKGROUND)
)
