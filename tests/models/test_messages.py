"""Every limit of every input has a message in the caller's words: what is allowed, what was given."""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

import pytest
from pydantic.alias_generators import to_camel

from models.kinds.base import KindFields
from models.kinds.commands import TrackMediaFields
from models.kinds.validation import MAX_PROBLEMS, validate
from schema import graphql_schema
from tests.bad_inputs.plain_words import assert_plain

STYLE: Final = re.compile(r"(must|is|has|exactly one of) ")


class Violation(NamedTuple):
    model: type[KindFields]
    path: tuple[str | int, ...]
    input: dict[str, Any]
    message: str

    def __str__(self) -> str:
        return f"{self.model.__name__}.{'.'.join(map(str, self.path))} {self.message}"


def _models(base: type[KindFields] = KindFields) -> Iterator[type[KindFields]]:
    for model in base.__subclasses__():
        if not model.__name__.startswith("_"):
            yield model
        yield from _models(model)


class _Schema:
    """A field in the JSON schema that pydantic prints of a model: the messages are not made from it."""

    def __init__(self, schema: dict[str, Any], definitions: dict[str, Any]) -> None:
        self._definitions = definitions
        self._schema = definitions[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema

    def violations(self) -> Iterator[tuple[tuple[str | int, ...], Any, str]]:
        """Yield a path below the field, a value that breaks a limit there, and the expected message."""
        for part in self._schema.get("anyOf", ()):
            yield from _Schema(part, self._definitions).violations()
        yield from self._beyond("minimum", "maximum", "must be {}( seconds)?, not {}", lambda number: number)
        yield from self._beyond("minLength", "maxLength", "must have {} characters, not {}", lambda size: "x" * size)
        if "items" in self._schema:
            item = _Schema(self._schema["items"], self._definitions)
            yield from self._beyond(
                "minItems", "maxItems", "must have {} items, not {}", lambda size: [item.minimal()] * size
            )
            for path, value, message in item.violations():
                yield (0, *path), value, message
        if self._schema.get("additionalProperties") is True:
            for wrong, name in (([1], "a list"), ("x", '"x"'), (1, "1"), (True, "true")):
                yield (), wrong, f"must be a JSON object, not {name}"
        for name, field in self._schema.get("properties", {}).items():
            for path, value, message in _Schema(field, self._definitions).violations():
                yield (name, *path), value, message

    def _beyond(
        self, lowest: str, highest: str, message: str, value_of: Callable[[int], Any]
    ) -> Iterator[tuple[tuple[str | int, ...], Any, str]]:
        low, high = self._schema.get(lowest), self._schema.get(highest)
        allowed = f"{low} to {high}" if low is not None and high is not None else f"at most {high}"
        allowed = f"at least {low}" if high is None else allowed
        for number in ([] if low is None else [low - 1]) + ([] if high is None else [high + 1]):
            yield (), value_of(number), message.format(allowed, number)

    def minimal(self) -> Any:
        """Return a value that breaks nothing."""
        schema = self._schema
        if "enum" in schema:
            return schema["enum"][0]
        if "properties" in schema:
            return {name: self._at(name).minimal() for name in schema.get("required", ())}
        if schema.get("minItems"):
            return [_Schema(schema["items"], self._definitions).minimal()]
        return {"string": "x", "integer": 1, "number": 1.0, "boolean": True, "array": []}[schema["type"]]

    def with_value(self, path: tuple[str | int, ...], value: Any) -> Any:
        """Return a value that breaks nothing but what stands at the path."""
        if not path:
            return value
        inner = self._at(path[0]).with_value(path[1:], value)
        return [inner] if isinstance(path[0], int) else self._object().minimal() | {path[0]: inner}

    def _at(self, part: str | int) -> "_Schema":
        found = self._object()._schema
        return _Schema(found["items"] if isinstance(part, int) else found["properties"][part], self._definitions)

    def _object(self) -> "_Schema":
        parts = [_Schema(part, self._definitions) for part in self._schema.get("anyOf", ())]
        return next((part for part in parts if part._schema.keys() & {"items", "properties"}), self)


def _violations(model: type[KindFields]) -> Iterator[Violation]:
    printed = model.model_json_schema(by_alias=False)
    schema = _Schema(printed, printed.get("$defs", {}))
    for path, value, message in schema.violations():
        yield Violation(model, path, schema.with_value(path, value), message)


VIOLATIONS: Final = [violation for model in _models() for violation in _violations(model)]


def test_limits_of_all_inputs_are_covered() -> None:
    assert graphql_schema  # has imported every model
    assert len(VIOLATIONS) > 130
    assert {"StartFields", "MediaFields", "AgendaUpdateFields", "TerminateFields", "ProjectFields"} <= {
        violation.model.__name__ for violation in VIOLATIONS
    }


@pytest.mark.parametrize("violation", VIOLATIONS, ids=str)
def test_broken_limit_has_a_message_with_what_is_allowed_and_given(violation: Violation) -> None:
    problems = validate(violation.model, violation.input).problems
    path = tuple(to_camel(str(part)) for part in violation.path)
    messages = [problem.message for problem in problems if problem.path == path]
    assert len(messages) == 1, (problems, path)
    assert re.fullmatch(violation.message, messages[0])
    assert STYLE.match(messages[0])
    assert_plain(messages[0])


def test_problems_of_one_input_are_limited() -> None:
    """A body of 2 MB has room for 200,000 unknown parameters."""
    params = {str(number): 1 for number in range(10_000)}
    event = {"type": "PLAY", "player_time": {"playhead": 0.0, "ts": 1}, "params": params}
    assert len(validate(TrackMediaFields, {"id": "x", "events": [event]}).problems) == MAX_PROBLEMS


def test_member_names_of_any_digits_are_no_list_indexes() -> None:
    params = {"9" * 5_000: 1, "٣": 1, "-1": 1}
    event = {"type": "PLAY", "player_time": {"playhead": 0.0, "ts": 1}, "params": params}
    problems = validate(TrackMediaFields, {"id": "x", "events": [event]}).problems
    assert [problem.path[-1] for problem in problems] == list(params)
