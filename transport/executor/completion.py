"""Completion of values: null, errors, awaitables, lists, leaves and objects, as graphql-core completes them.

Generated functions complete what is usual by themselves, and call these for the rest.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from types import CoroutineType, GeneratorType
from typing import Any, Final, TypeAlias

from graphql import Undefined, default_type_resolver, is_abstract_type
from graphql.pyutils import is_awaitable, is_iterable

from transport.executor.extensions import TYPE_NAME
from transport.executor.fallback import PathTuple
from transport.executor.plan import PlannedField, Unplanned
from transport.executor.run import Run

Function: TypeAlias = Callable[[Any, Run, PathTuple], dict[str, Any]]
"""Function of an object, a run and its path, which returns what is selected from it."""

TypeNameOf: TypeAlias = Callable[[Any, Run, PathTuple], Any]
"""Returns the name of the type of an object, or an awaitable of it."""

PLAIN: Final[set[type]] = {str, int, float, bool, list, tuple, dict}
"""Classes of values that are no null, exception or awaitable: known by their class, so that most values need one look.

It grows with the classes that are met.
"""
MAX_PLAIN: Final = 1_000
"""More than a schema has: classes that are made at run time must not pile up."""


class Unanswered(Exception):
    """A value that is an error in the result: graphql-core executes the operation, and says where it is."""


class Completion(ABC):
    """How values of one type are completed at one place."""

    __slots__ = ("_required",)

    def __init__(self, *, required: bool) -> None:
        self._required = required

    def __call__(self, value: Any, run: Run, container: Any, key: Any, path: PathTuple) -> Any:
        """Return the value as it stands in the result. See `run.Complete`."""
        if type(value) not in PLAIN:
            if value is None or value is Undefined:
                if self._required:
                    raise Unanswered
                return None
            if isinstance(value, Exception):
                raise Unanswered
            if is_awaitable(value):
                run.wait(value, self, container, key, path)
                return None
            _remember(type(value))
        return self._complete(value, run, container, key, path)

    @abstractmethod
    def _complete(self, value: Any, run: Run, container: Any, key: Any, path: PathTuple) -> Any: ...


def _remember(kind: type) -> None:
    # An object of a class with __getattr__ may be awaitable by itself; and a generator, if it is an old coroutine.
    if len(PLAIN) < MAX_PLAIN and kind is not GeneratorType and not any("__getattr__" in vars(c) for c in kind.__mro__):
        PLAIN.add(kind)


class LeafCompletion(Completion):
    """Coerces the values of a scalar or enum."""

    __slots__ = ("_coerce",)

    def __init__(self, coerce: Callable[[Any], Any], *, required: bool) -> None:
        super().__init__(required=required)
        self._coerce = coerce

    def _complete(self, value: Any, *_: Any) -> Any:
        coerced = self._coerce(value)
        if type(coerced) not in PLAIN:
            if coerced is None or coerced is Undefined:
                raise Unanswered
            if is_awaitable(coerced):
                raise Unplanned
            _remember(type(coerced))
        return coerced


class ListCompletion(Completion):
    """Completes the items of a list."""

    __slots__ = ("item",)

    def __init__(self, item: Completion, *, required: bool) -> None:
        super().__init__(required=required)
        self.item = item

    def _complete(self, value: Any, run: Run, _container: Any, _key: Any, path: PathTuple) -> Any:
        if type(value) is not list:
            _check_list(value)
        items: list[Any] = []
        for index, item in enumerate(value):
            items.append(self.item(item, run, items, index, (path, index, None)))
        return items


def _check_list(value: Any) -> None:
    if hasattr(value, "__aiter__"):
        raise Unplanned
    if not is_iterable(value):
        raise Unanswered
    if not isinstance(value, Collection):
        raise Unplanned  # graphql-core could not iterate over it again


class ObjectCompletion(Completion):
    """Selects from objects, by the name of their type."""

    __slots__ = ("_functions", "_type_name")

    def __init__(self, functions: Mapping[str, Function], type_name: TypeNameOf, *, required: bool) -> None:
        super().__init__(required=required)
        self._functions = functions
        self._type_name = type_name

    def _complete(self, value: Any, run: Run, container: Any, key: Any, path: PathTuple) -> Any:
        name = self._type_name(value, run, path)
        if isinstance(name, str):
            return self._functions[name](value, run, path)
        if not is_awaitable(name):
            raise Unanswered
        run.wait(name, lambda name, *_: self._functions[name](value, run, path), container, key, path)
        return None


def at_field(completion: Completion, planned: PlannedField) -> Callable[[Any, Run, dict[str, Any], PathTuple], Any]:
    """Return how a field is completed in the result of its object, for the path of that."""
    name, type_name = planned.name, planned.parent_type.name
    return lambda value, run, result, path: completion(value, run, result, name, (path, name, type_name))


def type_name_of(planned: PlannedField, type_: Any) -> TypeNameOf:
    """Return how the schema finds the type of an object in the value of a field."""
    if not is_abstract_type(type_):
        return lambda *_: type_.name
    if (type_name := type_.extensions.get(TYPE_NAME)) is not None:
        return lambda value, _run, _path: type_name(value)
    resolve_type = type_.resolve_type or default_type_resolver
    return lambda value, run, path: resolve_type(value, run.info(planned, field_path(path)), type_)


def checked(function: Function, is_type_of: Callable[[Any, Any], Any], planned: PlannedField) -> Function:
    """Return a function that first asks the type whether the object is of it."""

    def check(value: Any, run: Run, path: PathTuple) -> dict[str, Any]:
        is_of_type = is_type_of(value, run.info(planned, field_path(path)))
        if is_awaitable(is_of_type):
            if isinstance(is_of_type, CoroutineType):
                is_of_type.close()  # graphql-core gets another one
            raise Unplanned
        if not is_of_type:
            raise Unanswered
        return function(value, run, path)

    return check


def field_path(path: PathTuple) -> PathTuple:
    """Return the path of the field that a list item is of."""
    while isinstance(path[1], int):
        path = path[0]
    return path
