"""Validation of an input: all problems at once, each with its path."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Generic, NamedTuple, TypeVar, cast, get_args, get_origin

from pydantic import ValidationError
from pydantic.alias_generators import to_camel

from models.kinds.base import KindFields
from models.problems import Problem

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
        field_problems = tuple(_to_problem(detail) for detail in error.errors(include_url=False, include_input=False))
        fields = _construct_unvalidated(model, values)
        return Validated(fields, tuple(in_input_order(model, (*field_problems, *fields.find_problems()))))
    return Validated(fields, tuple(in_input_order(model, fields.find_problems())))


def in_input_order(model: type[KindFields], problems: Iterable[Problem], prefix: int = 0) -> list[Problem]:
    """Sort problems by the fields of an input and the items of its lists; a path keeps its first problem only.

    Args:
        model: the fields of the input.
        problems: problems of the input; members of JSON objects stay in the order in which they are passed.
        prefix: number of names in front of their paths.
    """
    first_by_path: dict[tuple[str, ...], Problem] = {}
    for problem in problems:
        first_by_path.setdefault(problem.path, problem)
    return sorted(first_by_path.values(), key=lambda problem: _position(model, problem.path[prefix:]))


def _position(model: type[KindFields] | None, path: tuple[str, ...]) -> list[int]:
    position = []
    for part in path:
        if part.isdecimal():
            position.append(int(part))
            continue
        if model is None:
            break
        names = [info.alias for info in model.model_fields.values()]
        if part not in names:
            position.append(len(names))
            break
        position.append(names.index(part))
        model = _nested_model(list(model.model_fields.values())[position[-1]].annotation)
    return position


def _to_problem(detail: Any) -> Problem:
    context = detail.get("ctx", {})
    # A ValueError of our validators has the message; pydantic would prefix it with "Value error, ".
    message = str(context["error"]) if "error" in context else str(detail["msg"])
    return Problem(tuple(to_camel(str(part)) for part in detail["loc"]), message)


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
