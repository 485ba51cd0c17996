"""Data points of a form, and their files."""

from typing import Annotated, Final, TypeAlias

import strawberry

from models.kinds.field import DataPointFields
from resolvers.context import Context
from resolvers.forms.attachments import attachment_url
from resolvers.forms.queries import DataPointView
from schema.field_helpers import computed_field
from schema.model_types import input_from
from schema.scalars import Base64

VALUE_WEIGHT: Final = 5
"""Cost of a value that is read separately: up to 1 MiB."""

NamesArg: TypeAlias = Annotated[
    list[str] | None,
    strawberry.argument(description="Only data points with these names, in any case; by default all."),
]


def _value(point: DataPointView, context: Context) -> object:
    return context.loaders.value(point) if point.is_text and point.inline_text is None else point.inline_text


def _raw_data(point: DataPointView, context: Context) -> object:
    return context.loaders.raw_data(point) if point.is_raw else None


@strawberry.type(description="A file that answers a question of a form.")
class Attachment:
    id: strawberry.ID = strawberry.field(description="Its id. A file that replaces it has another id.")
    filename: str = strawberry.field(
        description="The client's name for it, without directories and control characters, at most 255 characters; may "
        "be empty."
    )
    content_type: str = strawberry.field(
        description="Media type, detected from the content where possible, otherwise as sent by the client."
    )
    size: int = strawberry.field(description="Size in bytes.")
    sha256: str = strawberry.field(description="SHA-256 of its content, in hexadecimal.")
    url: str = computed_field(
        lambda file, context: attachment_url(context, file.id),
        "Signed URL, valid for 10 minutes without a token, also if the caller's own is revoked meanwhile: absolute if "
        "the server knows its own URL (`PUBLIC_URL`), otherwise a path relative to the endpoint's URL. Requires READ "
        "or WRITE.",
        reads=["id"],
    )


@strawberry.type(description="One answer of a form: exactly one of text, binary data and a file.")
class DataPoint:
    name: str = strawberry.field(description="Its name, in lower case.")
    value: str | None = computed_field(
        _value, "The answer as text; null if it is not text.", reads=["is_text", "inline_text", "value_key"]
    )
    raw_data: Base64 | None = computed_field(
        _raw_data,
        "The answer as binary data; null if it is not binary. One operation reads at most 16 MiB of binary data and "
        "long texts.",
        reads=["is_raw", "value_key"],
        weight=VALUE_WEIGHT,
    )
    file: Attachment | None = strawberry.field(description="The answer as a file; null if it is not a file.")


@input_from(DataPointFields, "One answer of a form: exactly one of `value`, `rawData` and `file`.")
class DataPointInput: ...
