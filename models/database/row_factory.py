"""Functions that make objects of raw rows, and parameters of values, generated per statement."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

Decoder: TypeAlias = Callable[[Any], Any]
"""Converts a value of the driver to that of the column."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a parameter of the driver comes from: a value by its name, or a constant."""

    name: str | None
    constant: Any
    encode: Callable[[Any], Any] | None


def parameters_factory(sources: Sequence[Source]) -> Callable[[Mapping[str, Any]], list[Any]]:
    """Return a function from values by their names to a list of parameters.

    For a name and a constant, for example: `lambda values: [values['id'], constant_1]`. A loop over the sources takes
    four times as long, which is most of what Python does for a row that is written.
    """
    scope: dict[str, Any] = {}
    parts: list[str] = []
    for number, source in enumerate(sources):
        if source.name is None:
            scope[part := f"constant_{number}"] = source.constant
        elif source.encode is None:
            part = f"values[{source.name!r}]"
        else:
            scope[f"encode_{number}"] = source.encode
            part = f"encode_{number}(values[{source.name!r}])"
        parts.append(part)
    code = compile(f"lambda values: [{', '.join(parts)}]", "<parameters>", "eval")
    bind: Callable[[Mapping[str, Any]], list[Any]] = eval(code, scope)  # noqa: S307 - names are quoted
    return bind


def row_factory(
    row_class: type[Any] | None, names: Sequence[str] | None, decoders: Sequence[Decoder | None]
) -> Callable[[list[tuple[Any, ...]]], list[Any]]:
    """Return a function from the driver's rows to instances of `row_class`, or to tuples without one.

    Instances have the columns in `names` only: reading another raises AttributeError. Values are assigned by generated
    code, which takes a third of the time of a loop over names.
    """
    if row_class is None and not any(decoders):
        return lambda rows: rows
    source = _source(row_class, names, decoders)
    scope: dict[str, Any] = {"new": object.__new__, "row_class": row_class, "decoders": decoders}
    exec(compile(source, f"<rows of {getattr(row_class, '__name__', 'tuples')}>", "exec"), scope)  # noqa: S102 - its names are columns
    make_rows: Callable[[list[tuple[Any, ...]]], list[Any]] = scope["make_rows"]
    return make_rows


def _source(row_class: type[Any] | None, names: Sequence[str] | None, decoders: Sequence[Decoder | None]) -> str:
    """Write the function.

    For a session's id and path, for example:

        def make_rows(rows):
            decode_1 = decoders[1]
            found = []
            for value_0, value_1 in rows:
                row = new(row_class)
                row.id = value_0
                row.path = decode_1(value_1)
                found.append(row)
            return found
    """
    numbers = range(len(decoders))
    decoded = [f"value_{n}" if decoders[n] is None else f"decode_{n}(value_{n})" for n in numbers]
    if row_class is None:
        row = [f"row = ({' '.join(f'{value},' for value in decoded)})"]
    else:
        assert names is not None, "instances have named columns"
        row = ["row = new(row_class)", *(f"row.{name} = {decoded[n]}" for n, name in enumerate(names))]
    lines = [
        "def make_rows(rows):",
        *(f"    decode_{n} = decoders[{n}]" for n in numbers if decoders[n] is not None),
        "    found = []",
        f"    for {' '.join(f'value_{n},' for n in numbers)} in rows:",
        *(f"        {line}" for line in row),
        "        found.append(row)",
        "    return found",
    ]
    return "\n".join(lines)
