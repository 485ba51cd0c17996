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

from models.clock import InstantType
from models.kinds.base import Column, InputOnly, KindFields, KindRules, ServerDefault, metadata_of
from models.uploaded_file import UploadedFile
from resolvers.context import Context
from schema.field_helpers import computed_field
from schema.scalars import JSON, Base64, DateTime, Upload

T = TypeVar("T")

SCALAR_OF: Final[dict[Any, Any]] = {bytes: Base64, UploadedFile: Upload}


def input_from(model: type[KindFields], description: str) -> Callable[[type[T]], type[T]]:
    """An input with all fields of a model; what may be left out is null or has the model's default."""

    def decorate(cls: type[T]) -> type[T]:
        _add_fields(cls, model.model_fields, input_annotation, _input_field)
        return strawberry.input(cls, description=description)

    return decorate


def type_from(rules: KindRules) -> Callable[[type[T]], type[T]]:
    """The type of a kind of session: what a start says and a session shows, read from its row."""

    def decorate(cls: type[T]) -> type[T]:
        fields = rules.fields.model_fields
        output_fields = {name: info for name, info in fields.items() if metadata_of(info.metadata, InputOnly) is None}
        _add_fields(cls, output_fields, output_annotation, _output_field)
        return strawberry.type(cls, description=rules.description)

    return decorate


def input_annotation(info: FieldInfo) -> Any:
    """The annotation that strawberry needs for a field of an input."""
    return DateTime if metadata_of(info.metadata, InstantType) else _annotation(info.annotation)


def output_annotation(info: FieldInfo) -> Any:
    """The annotation of a field of a type: what the server fills in is never null."""
    annotation = input_annotation(info)
    return _without_null(annotation) if metadata_of(info.metadata, ServerDefault) else annotation


def _add_fields(
    cls: type,
    fields: Mapping[str, FieldInfo],
    annotation: Callable[[FieldInfo], Any],
    field: Callable[[str, FieldInfo], Any],
) -> None:
    declared = cls.__annotations__
    for name, info in fields.items():
        if name not in cls.__dict__:
            setattr(cls, name, field(name, info))
    cls.__annotations__ = {name: declared.get(name) or annotation(info) for name, info in fields.items()} | declared


def _input_field(_name: str, info: FieldInfo) -> Any:
    name, description = info.alias, info.description
    if info.is_required():
        return strawberry.field(name=name, description=description)
    if isinstance(info.default, list):
        return strawberry.field(name=name, description=description, default_factory=info.default.copy)
    default = strawberry.UNSET if info.default is None else info.default
    return strawberry.field(name=name, description=description, default=default)


def _output_field(name: str, info: FieldInfo) -> Any:
    stored = metadata_of(info.metadata, Column)
    resolve = _from_details(name, info) if stored is None else _from_column(stored.column)
    return computed_field(resolve, info.description or "", name=info.alias)


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
        return DateTime if metadata_of(args, InstantType) else _annotation(args[0])
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
