"""Validation of an input: all problems at once, each with its path."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, islice
from types import UnionType
from typing import Annotated, Any, Final, Generic, NamedTuple, TypeVar, Union, cast, get_args, get_origin

from pydantic import ValidationError
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo

from models.kinds.base import KindFields, Unit
from models.problems import Problem, quote

MAX_PROBLEMS: Final = 1_000
"""Of one input. A problem is longer than what causes it, and finding all of a large body would take seconds."""

F = TypeVar("F", bound=KindFields)


class Validated(NamedTuple, Generic[F]):
    fields: F
    """With problems: the values as sent, of which only those without a problem can be relied on."""
    problems: tuple[Problem, ...]


def validate(model: type[F], values: Mapping[str, Any]) -> Validated[F]:
    """Validate `values`, by Python names.

    `find_problems` runs even if a field is invalid, so that clients get all problems at once; a path that has a
    problem already is not reported again.
    """
    try:
        fields = model(**values)
    except ValidationError as error:
        field_problems = tuple(_to_problem(model, detail) for detail in error.errors(include_url=False))
        fields = _construct_unvalidated(model, values)
        return Validated(fields, tuple(in_input_order(model, chain(field_problems, fields.find_problems()))))
    return Validated(fields, tuple(in_input_order(model, fields.find_problems())))


def in_input_order(model: type[KindFields], problems: Iterable[Problem], prefix: int = 0) -> list[Problem]:
    """Sort at most `MAX_PROBLEMS` by the fields of an input and the items of its lists; the first of each path stays.

    Args:
        model: the fields of the input.
        problems: problems of the input; members of JSON objects stay in the order in which they are passed.
        prefix: number of names in front of their paths.
    """
    first_by_path: dict[tuple[str, ...], Problem] = {}
    for problem in islice(problems, MAX_PROBLEMS):
        first_by_path.setdefault(problem.path, problem)
    if not first_by_path:  # as most often
        return []
    return sorted(first_by_path.values(), key=lambda problem: _position(model, problem.path[prefix:]))


def _position(model: type[KindFields], path: tuple[str, ...]) -> list[int]:
    positions, annotation = [], cast("Any", model)
    for part in path:
        step = _step(annotation, part)
        if step is None:
            break
        annotation = step.annotation
        positions.append(step.position)
    return positions


class _Step(NamedTuple):
    position: int
    annotation: Any
    metadata: Iterable[Any] = ()


def _step(annotation: Any, part: str) -> _Step | None:
    """Return the position and type of a field or list item in its parent; None for members of a JSON object."""
    item_types = (get_args(each)[0] for each in _annotation_parts(annotation) if get_origin(each) is list)
    if (item_type := next(item_types, None)) is not None:
        return _Step(int(part), item_type)
    if (model := _nested_model(annotation)) is None:
        return None
    for index, info in enumerate(model.model_fields.values()):
        if info.alias == part:
            return _Step(index, info.annotation, info.metadata)
    return _Step(len(model.model_fields), None)  # a field that others of the input follow, such as `variant`


def _to_problem(model: type[KindFields], detail: Any) -> Problem:
    path, context, value = tuple(to_camel(str(part)) for part in detail["loc"]), detail.get("ctx", {}), detail["input"]
    if "error" in context:  # a ValueError of our own validators
        return Problem(path, str(context["error"]))
    message = MESSAGES.get(detail["type"], _must_be_valid)
    return Problem(path, message(_Limits.of(model, path), value))


class _Limits(NamedTuple):
    """Limits of a field or list item; None where there is none."""

    ge: int | None = None
    le: int | None = None
    min_length: int | None = None
    max_length: int | None = None
    unit: str | None = None

    @classmethod
    def of(cls, model: type[KindFields], path: tuple[str, ...]) -> "_Limits":
        step = _Step(0, model)
        for part in path:
            step = _step(step.annotation, part) or step
        found: dict[str, Any] = {}
        for item in (*step.metadata, *_own_metadata(step.annotation)):
            names = {"unit": "name"} if isinstance(item, Unit) else {name: name for name in cls._fields[:4]}
            limits = {name: getattr(item, attribute, None) for name, attribute in names.items()}
            found |= {name: value for name, value in limits.items() if value is not None}
        return cls(**found)


def _own_metadata(annotation: Any) -> Iterator[Any]:
    """Yield what is annotated to a type itself and the members of a union, not to the items of a list."""
    if get_origin(annotation) is Annotated:
        for item in annotation.__metadata__:
            yield from item.metadata if isinstance(item, FieldInfo) else (item,)
        yield from _own_metadata(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, UnionType):
        for part in get_args(annotation):
            yield from _own_metadata(part)


def _range(minimum: int | None, maximum: int | None) -> str:
    if minimum is None:
        return f"at most {maximum}"
    return f"at least {minimum}" if maximum is None else f"{minimum} to {maximum}"


def _must_be_in_range(limits: _Limits, value: Any) -> str:
    unit = f" {limits.unit}" if limits.unit else ""
    return f"must be {_range(limits.ge, limits.le)}{unit}, not {quote(value)}"


def _must_have_length(limits: _Limits, value: Any) -> str:
    unit = "characters" if isinstance(value, str) else "items"
    return f"must have {_range(limits.min_length, limits.max_length)} {unit}, not {len(value)}"


def _must_be_valid(_limits: _Limits, value: Any) -> str:
    return f"must be a valid value, not {quote(value)}"


MESSAGES: Final[Mapping[str, Callable[[_Limits, Any], str]]] = {
    "dict_type": lambda _, value: f"must be a JSON object, not {quote(value)}",
    "finite_number": lambda _, value: f"must be a finite number, not {quote(value)}",
    "greater_than_equal": _must_be_in_range,
    "less_than_equal": _must_be_in_range,
    "string_too_long": _must_have_length,
    "string_too_short": _must_have_length,
    "too_long": _must_have_length,
    "too_short": _must_have_length,
}
"""By pydantic's type of error. GraphQL has checked types and required fields."""


def _construct_unvalidated(model: type[F], values: Mapping[str, Any]) -> F:
    """Construct the model without validation, but with the types of values that `find_problems` relies on."""
    constructed: Any = model.model_construct(
        **{name: _unvalidated_value(model.model_fields[name].annotation, value) for name, value in values.items()}
    )
    return cast("F", constructed)


def _unvalidated_value(annotation: Any, value: Any) -> Any:
    nested = _nested_model(annotation)
    if nested is not None and isinstance(value, list):
        return [_construct_unvalidated(nested, item) for item in value]
    if nested is not None and value is not None:
        return _construct_unvalidated(nested, value)
    # GraphQL has coerced every other type; the JSON scalar takes any value where an object is required.
    expects_object = any(get_origin(part) is dict for part in _annotation_parts(annotation))
    return None if expects_object and not isinstance(value, dict) else value


def _nested_model(annotation: Any) -> type[KindFields] | None:
    return next(filter(_is_model, _annotation_parts(annotation)), None)


def _annotation_parts(annotation: Any) -> Iterator[Any]:
    """Yield an annotation and, recursively, its arguments, such as the X of `list[X] | None`."""
    yield annotation
    for part in get_args(annotation):
        yield from _annotation_parts(part)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, KindFields)
