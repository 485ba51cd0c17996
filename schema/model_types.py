"""GraphQL types and inputs generated from the fields of models.

A decorated class receives the fields of a model with their names, types, defaults and descriptions. Its own
declarations take precedence: types that the model cannot name (ids, other inputs), other descriptions, more fields.
"""

from collections.abc import Callable, Mapping
from types import GenericAlias, NoneType, UnionType
from typing import Annotated, Any, Final, TypeVar, Union, get_args, get_origin

import strawberry
from pydantic.fields import FieldInfo

from models.clock import InstantType
from models.kinds.base import Column, InputOnly, KindFields, KindRules, ServerDefault, metadata_of
from models.uploaded_file import UploadedFile
from resolvers.context import Context
from schema.field_helpers import attribute_field, computed_field
from schema.scalars import JSON, Base64, DateTime, Upload

T = TypeVar("T")

SCALAR_OF: Final[dict[Any, Any]] = {bytes: Base64, UploadedFile: Upload}


NULL_CLEARS: Final[set[type]] = set()
"""Inputs in which null is a value, as in updates, where it clears a field. Elsewhere it means the same as no value."""


def input_from(model: type[KindFields], description: str, *, null_clears: bool = False) -> Callable[[type[T]], type[T]]:
    """Make a class an input with all fields of a model; optional ones are null or have the model's default."""

    def decorate(cls: type[T]) -> type[T]:
        _add_fields(cls, model.model_fields, input_annotation, _input_field)
        if null_clears:
            NULL_CLEARS.add(cls)
        return strawberry.input(cls, description=description)

    return decorate


def type_from(rules: KindRules) -> Callable[[type[T]], type[T]]:
    """Make a class the type of a kind of session, with the fields of its start, read from its row."""

    def decorate(cls: type[T]) -> type[T]:
        model_fields = rules.fields.model_fields
        output_fields = {
            name: info for name, info in model_fields.items() if metadata_of(info.metadata, InputOnly) is None
        }
        _add_fields(cls, output_fields, output_annotation, _output_field)
        return strawberry.type(cls, description=rules.description)

    return decorate


def input_annotation(info: FieldInfo) -> Any:
    return DateTime if metadata_of(info.metadata, InstantType) else _annotation(info.annotation)


def output_annotation(info: FieldInfo) -> Any:
    annotation = input_annotation(info)
    # A value that the server fills in is never null.
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
    stored, description = metadata_of(info.metadata, Column), info.description or ""
    if stored is not None:
        return attribute_field(stored.column, description, name=info.alias)
    return computed_field(_from_details(name, info), description, name=info.alias, reads=["details"], shareable=True)


def _from_details(name: str, info: FieldInfo) -> Callable[[Any, Context], Any]:
    # Rows that are older than the field have its default.
    default = None if info.is_required() else info.default
    return lambda row, _context: row.details.get(name, default)


def _annotation(annotation: Any) -> Any:
    """Replace the types in a model's annotation by those of the schema."""
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
