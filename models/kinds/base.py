"""Base classes of a kind: `KindFields` declares its fields, `KindRules` its columns and deadlines.

A field's type, limits, default and description stand once, in its `KindFields`; the GraphQL input and type are made
from them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, NamedTuple, TypeAlias, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo

from models.clock import Instant, InstantType
from models.enums import EndReason, Kind
from models.problems import Problem


@dataclass(frozen=True)
class ServerDefault:
    """Marks a field whose default the server computes: nullable in the input only."""


@dataclass(frozen=True)
class InputOnly:
    """Marks a field of the input that the session has in another form."""


@dataclass(frozen=True)
class Column:
    """Marks a field with a column, because it is filtered, sorted or shared by all kinds; others are in `details`."""

    column: str


@dataclass(frozen=True)
class Unit:
    """Names the unit of a number, for messages."""

    name: str


M = TypeVar("M")

Text: TypeAlias = Annotated[str, StringConstraints(max_length=1024)]
JsonObject: TypeAlias = dict[str, Any]
IntList: TypeAlias = Annotated[list[int], Field(max_length=100)]


class ProjectDefaults(NamedTuple):
    geo_listen_enabled: bool
    language: str
    timeouts: Mapping[str, int]
    """Seconds by kind."""


class KindFields(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")

    def find_problems(self) -> Iterator[Problem]:
        """Yield the problems that no single field's type excludes; paths are relative to this input."""
        return iter(())


@dataclass(frozen=True)
class Deadline:
    """An end by time: `duration_ms` after the instant in `start_column`."""

    start_column: str
    duration_ms: int
    reason: EndReason
    extends_after_downtime: bool
    """Whether the whole duration starts anew after the server was down, as it does for timeouts."""


class KindRules:
    kind: ClassVar[Kind]
    description: ClassVar[str]
    fields: ClassVar[type[KindFields]]
    default_timeout: ClassVar[int | None]
    """Seconds without a call after which a session ends; None if it never does."""
    timeout_reason: ClassVar[EndReason] = EndReason.EXPIRED
    """Why a session has ended whose timeout passed."""
    takes_timeout: ClassVar[bool] = True
    counts_visible_time: ClassVar[bool] = True
    deadlines: ClassVar[tuple[Deadline, ...]] = ()
    """Ends by time other than the timeout."""

    def to_columns(self, fields: Any, *, project: ProjectDefaults, now: Instant) -> dict[str, Any]:
        """Return the columns of a new session that depend on its kind, `details` among them."""
        return self.columns_from_values(self.with_defaults(fields, project=project, now=now))

    def columns_from_values(self, values: Mapping[str, Any]) -> dict[str, Any]:
        columns: dict[str, Any] = {}
        details: dict[str, Any] = {}
        for name, info in self._output_fields():
            mapped = metadata_of(info.metadata, Column)
            if mapped is None:
                details[name] = values[name]
            else:
                columns[mapped.column] = values[name]
        return columns | {"details": details}

    def values_from_row(self, row: Any) -> dict[str, Any]:
        """Invert `columns_from_values`."""
        return {name: self._value_from_row(row, name, info) for name, info in self._output_fields()}

    def _value_from_row(self, row: Any, name: str, info: FieldInfo) -> Any:
        mapped = metadata_of(info.metadata, Column)
        if mapped is not None:
            return getattr(row, mapped.column)
        # A row may be older than the field.
        return row.details.get(name, None if info.is_required() else info.default)

    def _output_fields(self) -> Iterator[tuple[str, FieldInfo]]:
        fields = self.fields.model_fields.items()
        return ((name, info) for name, info in fields if not metadata_of(info.metadata, InputOnly))

    def with_defaults(self, fields: Any, *, project: ProjectDefaults, now: Instant) -> dict[str, Any]:  # noqa: ARG002 - for the kinds
        """Return the values of all fields by name, with the defaults that the server computes."""
        return {name: getattr(fields, name) for name in self.fields.model_fields}


def is_instant(info: FieldInfo) -> bool:
    parts = [info.metadata, *(get_args(part) for part in get_args(info.annotation))]
    return any(metadata_of(part, InstantType) for part in parts)


def metadata_of(metadata: Iterable[object], marker: type[M]) -> M | None:
    return next((item for item in metadata if isinstance(item, marker)), None)
