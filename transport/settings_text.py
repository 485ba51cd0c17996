"""Settings as text: the table of all for help and documentation, and what is wrong with given values."""

from collections.abc import Iterable
from dataclasses import is_dataclass
from enum import Enum
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

MESSAGES: Final = {
    "bool_parsing": "must be true or false, not {input}",
    "enum": "must be {expected}, not {input}",
    "float_parsing": "must be a number, not {input}",
    "greater_than": "must be greater than {gt:g}, not {input}",
    "greater_than_equal": "must be at least {ge:g}, not {input}",
    "int_from_float": "must be a whole number, not {input}",
    "int_parsing": "must be a whole number, not {input}",
    "less_than_equal": "must be at most {le:g}, not {input}",
    "literal_error": "must be {expected}, not {input}",
    "too_short": "must have at least {min_length} characters, not {actual_length}",  # a secret: its value is not shown
}
"""Texts for pydantic's types of errors, which it words for programmers."""


def settings_table(settings: type[BaseModel]) -> str:
    """Render all settings with defaults and descriptions as a Markdown table."""
    rows = (
        (f"{name.upper()}__…" if is_dataclass(field.default) else name.upper(), field.default, str(field.description))
        for name, field in sorted(settings.model_fields.items())
    )
    return markdown_table("setting", rows)


def markdown_table(heading: str, rows: Iterable[tuple[str, Any, str]]) -> str:
    """Render rows of name, default and description."""
    lines = (f"| `{name}` | {_default_text(default)} | {description} |" for name, default, description in rows)
    return "\n".join((f"| {heading} | default | description |", "|---|---|---|", *lines, ""))


def error_lines(error: ValidationError) -> list[str]:
    """Return a line for each setting that is wrong: its name, and what is allowed."""
    return [f"{'__'.join(map(str, each['loc'])).upper()}: {_message(each)}" for each in error.errors()]


def _message(error: ErrorDetails) -> str:
    template = MESSAGES.get(error["type"])
    if template is None:
        return error["msg"].removeprefix("Value error, ").partition("\n")[0]
    return template.format(input=error["input"], **error.get("ctx", {})).replace("'", "")


def _default_text(value: Any) -> str:
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, Enum):
        return f"`{value.value}`"
    return f"`{value}`" if isinstance(value, str | int | float) and value != "" else ""
