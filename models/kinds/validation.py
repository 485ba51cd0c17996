"""Checking an input against the fields that `models.kinds` declares: every breach at once, each at its place."""

from collections.abc import Iterator, Mapping
from typing import Any, Generic, NamedTuple, TypeVar, cast, get_args, get_origin

from pydantic import ValidationError
from pydantic.alias_generators import to_camel

from models.kinds.base import Breach, KindFields

F = TypeVar("F", bound=KindFields)


class Checked(NamedTuple, Generic[F]):
    """An input that was checked: its fields, or null and what is wrong with them."""

    fields: F | None
    breaches: tuple[Breach, ...]


def check(model: type[F], values: Mapping[str, Any]) -> Checked[F]:
    """Check `values` (by their Python names) against all rules of `model`.

    The rules between fields are asked even where a field breaks a rule of its own, with the values as given;
    what they then say of a field that is already named is left out.
    """
    try:
        fields = model(**values)
    except ValidationError as error:
        own = tuple(_breach(detail) for detail in error.errors(include_url=False, include_input=False))
        named = {breach.path for breach in own}
        between = tuple(breach for breach in _loosely(model, values).breaches() if breach.path not in named)
        return Checked(None, own + between)
    breaches = tuple(fields.breaches())
    return Checked(None if breaches else fields, breaches)


def _breach(detail: Any) -> Breach:
    context = detail.get("ctx", {})
    message = str(context["error"]) if "error" in context else str(detail["msg"])
    return Breach(tuple(to_camel(str(part)) for part in detail["loc"]), message)


def _loosely(model: type[F], values: Mapping[str, Any]) -> F:
    """The model with values that may break their own rules, yet have the types that the rules between need."""
    loose: Any = model.model_construct(
        **{name: _loose_value(model.model_fields[name].annotation, value) for name, value in values.items()}
    )
    return cast("F", loose)


def _loose_value(annotation: Any, value: Any) -> Any:
    nested = next(filter(_is_model, _parts(annotation)), None)
    if nested is not None and isinstance(value, list):
        return [_loosely(nested, item) for item in value]
    if nested is not None and value is not None:
        return _loosely(nested, value)
    # Only JSON reaches this place without its type being certain: an object is asked for, anything may come.
    wants_object = any(get_origin(kind) is dict for kind in _parts(annotation))
    return None if wants_object and not isinstance(value, dict) else value


def _parts(annotation: Any) -> Iterator[Any]:
    """An annotation and all that it is made of, such as the X of `list[X] | None`."""
    yield annotation
    for part in get_args(annotation):
        yield from _parts(part)


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, KindFields)
