"""graphql-core's executor, with shortcuts for what takes it longest."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import CoroutineType
from typing import Any, Final, TypeAlias
from weakref import WeakMethod

from graphql import (
    GraphQLList,
    GraphQLNonNull,
    GraphQLResolveInfoHelpers,
    TypeNameMetaFieldDef,
    Undefined,
    is_leaf_type,
)
from graphql.execution import Executor

from transport.executor.extensions import READ

_Complete: TypeAlias = Callable[[Any], Any]
"""Returns a value as it stands in the result; raises for one that is not allowed."""
_Read: TypeAlias = tuple[str, Callable[[Any, Any], Any], _Complete]
"""Response name; function of source and context; completion."""

_NOT_AWAITABLE: Final = frozenset({str, int, float, bool, type(None), list, dict})


@dataclass(frozen=True, slots=True)
class _Selection:
    """Fields selected on one type."""

    fields: Mapping[str, Any]
    """By response name, in the order of the result."""
    read: tuple[_Read, ...]
    """Those that are read directly."""
    rest: dict[str, Any]

    def without(self, name: str) -> "_Selection":
        """Leave a field to graphql-core."""
        read = tuple(field for field in self.read if field[0] != name)
        rest = {key: value for key, value in self.fields.items() if key == name or key in self.rest}
        return _Selection(self.fields, read, rest)


class FastExecutor(Executor[Any]):
    """graphql-core's executor with two shortcuts. Results are the same: it does itself what is rare, such as errors.

    - A field without arguments may have `extensions["read"]`, a function of source and context that returns what its
      resolver does; the items of a list must not be awaitable. Fields of a leaf type that have one are read directly:
      without resolve info and path, which cost more than all else.
    - The selections of the first event of a subscription are kept for all others.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Its own methods would be a cycle, which keeps all objects of a request until the collector runs.
        self.async_helpers = GraphQLResolveInfoHelpers(_weak(self.gather_async_work), _weak(self.track_async_work))
        # Copies of the executor, one for each event, share both.
        self._root_fields: list[Any] = []
        """Of the first event. graphql-core memoizes sub-selections by the identity of the fields above them: with root
        fields collected for each event it would find nothing there, and add to it without end."""
        self._selections: dict[int, _Selection] = {}
        """By the identity of their fields."""

    def execute_collected_root_fields(
        self, root_type: Any, root_value: Any, grouped_field_set: Any, serially: bool, new_defer_usages: Any
    ) -> Any:
        if not self._root_fields:
            self._root_fields.append(grouped_field_set)
        (fields,) = self._root_fields
        return super().execute_collected_root_fields(root_type, root_value, fields, serially, new_defer_usages)

    def execute_fields(
        self, parent_type: Any, source_value: Any, path: Any, grouped_field_set: Any, position_context: Any
    ) -> Any:
        selection = self._selections.get(id(grouped_field_set))
        if selection is None:
            selection = self._selections[id(grouped_field_set)] = self._select(parent_type, grouped_field_set)
        if not selection.read:
            return super().execute_fields(parent_type, source_value, path, grouped_field_set, position_context)
        results: dict[str, Any] = dict.fromkeys(selection.fields)
        try:
            awaitable = self._read_into(results, selection, source_value)
        except Exception:  # graphql-core meets it again, and says where
            return super().execute_fields(parent_type, source_value, path, grouped_field_set, position_context)
        if awaitable is not None:
            self._selections[id(grouped_field_set)] = selection.without(awaitable)
            return self.execute_fields(parent_type, source_value, path, grouped_field_set, position_context)
        if not selection.rest:
            return results
        rest: Any = super().execute_fields(parent_type, source_value, path, selection.rest, position_context)
        if self.is_awaitable(rest):
            return _merge_awaited(results, rest)
        results.update(rest)
        return results

    def _read_into(self, results: dict[str, Any], selection: _Selection, source: Any) -> str | None:
        """Read fields. Returns the name of one whose value is awaitable, after which no other was read."""
        context = self.context_value
        for name, read, complete in selection.read:
            value = read(source, context)
            if type(value) not in _NOT_AWAITABLE and self.is_awaitable(value):
                if isinstance(value, CoroutineType):
                    value.close()
                return name
            results[name] = complete(value)
        return None

    def _select(self, parent_type: Any, grouped_field_set: Mapping[str, Any]) -> _Selection:
        read: list[_Read] = []
        rest = {}
        for name, details in grouped_field_set.items():
            field = self.schema.get_field(parent_type, details[0].node.name.value)
            assert field is not None, "the document is valid"
            is_readable = READ in field.extensions and not (field.args or self.middleware_manager)
            if field is TypeNameMetaFieldDef:
                read.append((name, lambda *_, type_name=parent_type.name: type_name, str))
            elif is_readable and (complete := _completion_of(field.type)) is not None:
                read.append((name, field.extensions[READ], complete))
            else:
                rest[name] = details
        return _Selection(grouped_field_set, tuple(read), rest)


def _weak(method: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a function that calls a method of an object that lives."""
    reference = WeakMethod(method)

    def call(values: Any) -> Any:
        living = reference()
        assert living is not None, "resolvers run within the execution"
        return living(values)

    return call


async def _merge_awaited(results: dict[str, Any], rest: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    results.update(await rest)
    return results


def _completion_of(type_: Any) -> _Complete | None:
    """Return how to complete values of a leaf type, or lists of it; None for other types."""
    if isinstance(type_, GraphQLNonNull):
        inner = _completion_of(type_.of_type)
        return None if inner is None else _required(inner)
    if isinstance(type_, GraphQLList):
        item = _completion_of(type_.of_type)
        return None if item is None else _list(item)
    return _leaf(type_.coerce_output_value) if is_leaf_type(type_) else None


def _required(complete: _Complete) -> _Complete:
    def complete_required(value: Any) -> Any:
        completed = complete(value)
        if completed is None:
            raise TypeError("null")
        return completed

    return complete_required


def _leaf(coerce: Callable[[Any], Any]) -> _Complete:
    def complete_leaf(value: Any) -> Any:
        if value is None or value is Undefined:
            return None
        if isinstance(value, Exception):
            raise value
        if (coerced := coerce(value)) is None or coerced is Undefined:
            raise TypeError("no value")
        return coerced

    return complete_leaf


def _list(item: _Complete) -> _Complete:
    def complete_list(value: Any) -> Any:
        if value is None:
            return None
        if type(value) is not list:
            raise TypeError("no list")
        return [item(each) for each in value]

    return complete_list
