"""What a form is made of: its data points and their files."""

from typing import Annotated, TypeAlias

import strawberry

from models.kinds.field import DataPointFields
from resolvers.context import Context
from resolvers.forms.queries import AttachedFile, DataPointView
from schema.field_helpers import computed_field
from schema.model_types import input_from
from schema.scalars import Base64

VALUE_WEIGHT = 5
"""The weight of what is read for each data point: a content of up to 1 MiB."""

NamesArg: TypeAlias = Annotated[
    list[str] | None,
    strawberry.argument(description="Only the data points of these names, case aside; all where not given."),
]


def _url(file: AttachedFile, context: Context) -> str:
    return context.services.url_signer.sign(file.id, context.now)


def _value(point: DataPointView, context: Context) -> object:
    return context.loaders.value(point) if point.is_text and point.inline_text is None else point.inline_text


def _raw_data(point: DataPointView, context: Context) -> object:
    return context.loaders.raw_data(point) if point.is_raw else None


@strawberry.type(description="A file that is the answer to a question of a form.")
class Attachment:
    id: strawberry.ID = strawberry.field(description="Its id; another file in its place has another.")
    filename: str = strawberry.field(
        description="As the client called it, without folders and control characters, at most 255 characters; "
        "may be empty."
    )
    content_type: str = strawberry.field(
        description="Its media type: by its content where that can tell, else as the client said."
    )
    size: int = strawberry.field(description="Its length in bytes.")
    sha256: str = strawberry.field(description="The SHA-256 of its content, in hexadecimal.")
    url: str = computed_field(
        _url,
        "Where to fetch it for the next 10 minutes, without a token: an absolute URL where the server knows its own "
        "(`PUBLIC_URL`), else a path, to be resolved against the endpoint's URL.",
    )


@strawberry.type(description="One answer of a form: exactly one of text, binary data and a file.")
class DataPoint:
    name: str = strawberry.field(description="Its name, in lower case.")
    value: str | None = computed_field(_value, "Its value as text; null where it is something else.")
    raw_data: Base64 | None = computed_field(
        _raw_data,
        "Its value as binary data; null where it is something else. One operation reads at most 16 MiB of it, and of "
        "long texts.",
        weight=VALUE_WEIGHT,
    )
    file: Attachment | None = strawberry.field(description="Its value as a file; null where it is something else.")


@input_from(DataPointFields, "One answer of a form: exactly one of `value`, `rawData` and `file`.")
class DataPointInput:
    pass
