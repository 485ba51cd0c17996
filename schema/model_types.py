"""GraphQL types and inputs made of the fields that `models` declares: names, types, defaults, descriptions.

A class that is decorated here gets the fields of a model. What the class declares itself goes first: the type of a
field that the model can't know (an id, another input), another description, or a field that the model lacks.
"""

from collections.abc import Callable, Mapping
from operator import attrgetter
from types import GenericAlias, NoneType, UnionType
from typing import Annotated, Any, Final, TypeVar, Union, get_args, get_origin

import strawberry
from pydantic.fields import FieldInfo

from models.clock import InstantMark
from models.kinds.base import Derived, InputOnly, KindFields, KindRules, Stored, mark
from models.uploaded_file import IncomingFile
from resolvers.context import Context
from schema.field_helpers import derived
from schema.scalars import JSON, Base64, DateTime, Upload

T = TypeVar("T")

SCALAR_OF: Final[dict[Any, Any]] = {bytes: Base64, IncomingFile: Upload}


def input_from(model: type[KindFields], description: str) -> Callable[[type[T]], type[T]]:
    """An input with all fields of a model; what may be left out is null or has the model's default."""

    def decorate(cls: type[T]) -> type[T]:
        _declare(cls, model.model_fields, as_given, _input_field)
        return strawberry.input(cls, description=description)

    return decorate


def type_from(rules: KindRules) -> Callable[[type[T]], type[T]]:
    """The type of a kind of session: what a start says and a session shows, read from its row."""

    def decorate(cls: type[T]) -> type[T]:
        fields = rules.fields.model_fields
        shown = {name: info for name, info in fields.items() if mark(info.metadata, InputOnly) is None}
        _declare(cls, shown, as_shown, _row_field)
        return strawberry.type(cls, description=rules.description)

    return decorate


def as_given(info: FieldInfo) -> Any:
    """The annotation that strawberry needs for a field of an input."""
    return DateTime if mark(info.metadata, InstantMark) else _annotation(info.annotation)


def as_shown(info: FieldInfo) -> Any:
    """The annotation of a field of a type: what the server fills in is never null."""
    annotation = as_given(info)
    return _without_null(annotation) if mark(info.metadata, Derived) else annotation


def _declare(
    cls: type,
    fields: Mapping[str, FieldInfo],
    annotation: Callable[[FieldInfo], Any],
    field: Callable[[str, FieldInfo], Any],
) -> None:
    own = cls.__annotations__
    for name, info in fields.items():
        if name not in cls.__dict__:
            setattr(cls, name, field(name, info))
    cls.__annotations__ = {name: own.get(name) or annotation(info) for name, info in fields.items()} | own


def _input_field(_name: str, info: FieldInfo) -> Any:
    name, description = info.alias, info.description
    if info.is_required():
        return strawberry.field(name=name, description=description)
    if isinstance(info.default, list):
        return strawberry.field(name=name, description=description, default_factory=info.default.copy)
    default = strawberry.UNSET if info.default is None else info.default
    return strawberry.field(name=name, description=description, default=default)


def _row_field(name: str, info: FieldInfo) -> Any:
    stored = mark(info.metadata, Stored)
    read = _from_details(name, info) if stored is None else _from_column(stored.column)
    return derived(read, info.description or "", name=info.alias)


def _from_column(column: str) -> Callable[[Any, Context], Any]:
    get = attrgetter(column)
    return lambda row, _context: get(row)


def _from_details(name: str, info: FieldInfo) -> Callable[[Any, Context], Any]:
    # A row that is older than the field shows its default.
    default = None if info.is_required() else info.default
    return lambda row, _context: row.details.get(name, default)


def _annotation(annotation: Any) -> Any:
    """A model's annotation in the terms of the schema."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return DateTime if mark(args, InstantMark) else _annotation(args[0])
    if origin in (Union, UnionType):
        return _annotation(_without_null(annotation)) | None
    if origin is list:
        return GenericAlias(list, (_annotation(args[0]),))
    if origin is dict:
        return JSON
    return SCALAR_OF.get(annotation, annotation)


def _without_null(annotation: Any) -> Any:
    (kept,) = (arg for arg in get_args(annotation) if arg is not NoneType)
    return kept
