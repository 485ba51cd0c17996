"""Markup as a field: cleaned when it is given."""

from typing import Annotated, TypeAlias

from pydantic import AfterValidator, StringConstraints

from models.sanitizer import MAX_LENGTH, sanitize_html

Html: TypeAlias = Annotated[str, StringConstraints(max_length=MAX_LENGTH), AfterValidator(sanitize_html)]
