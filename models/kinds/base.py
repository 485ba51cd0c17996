"""How a kind is declared: its fields once, each with type, limits, default and description.

A kind is one file beside this one. Its `KindFields` say what a start takes and what the session then shows;
the GraphQL input and type are made from them. Its `KindRules` say where the values go and what ends it.
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
    """Marks a field that the server fills in where it is not given: nullable on the way in only."""


@dataclass(frozen=True)
class InputOnly:
    """Marks a field that a start takes and the session shows in another form."""


@dataclass(frozen=True)
class Column:
    """Marks a field that has a column of its own, because it is filtered, sorted or shared by all kinds.

    A field without this mark lives in the column `details`, under its own name.
    """

    column: str


M = TypeVar("M")

Text: TypeAlias = Annotated[str, StringConstraints(max_length=1024)]
JsonObject: TypeAlias = dict[str, Any]
IntList: TypeAlias = Annotated[list[int], Field(max_length=100)]


class ProjectDefaults(NamedTuple):
    """What a project says where a start is silent."""

    geo_listen_enabled: bool
    language: str
    timeouts: Mapping[str, int]


class KindFields(BaseModel):
    """The fields of one kind. Base of the model in each file of this package."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")

    def find_problems(self) -> Iterator[Problem]:
        """The rules that hold between fields; paths are relative to the variant."""
        return iter(())


@dataclass(frozen=True)
class Deadline:
    """One way to end by time: `milliseconds` after what the column `since` says, for `reason`.

    `restored`: whether the server's own absence gives the whole span again (silence is measured by it;
    schedules and the age of a session are not).
    """

    start_column: str
    duration_ms: int
    reason: EndReason
    extends_after_downtime: bool


class KindRules:
    """What is particular to a kind beyond its fields. One subclass and one instance a kind."""

    kind: ClassVar[Kind]
    description: ClassVar[str]
    fields: ClassVar[type[KindFields]]
    default_timeout: ClassVar[int | None]
    """Seconds of silence that end a session; null: silence does not."""
    takes_timeout: ClassVar[bool] = True
    counts_visible_time: ClassVar[bool] = True
    """Whether visible time is credited."""
    deadlines: ClassVar[tuple[Deadline, ...]] = ()
    """Ends by time besides silence."""

    def to_columns(self, fields: Any, *, project: ProjectDefaults, now: Instant) -> dict[str, Any]:
        """The values of the columns that a new session of this kind sets, `details` among them."""
        return self.columns_from_values(self.with_defaults(fields, project=project, now=now))

    def columns_from_values(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values of all fields, by name, as the columns that hold them."""
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
        """The values of all fields, by name, that a session has: its row is where `columns` put them."""
        return {name: self._value_from_row(row, name, info) for name, info in self._output_fields()}

    def _value_from_row(self, row: Any, name: str, info: FieldInfo) -> Any:
        mapped = metadata_of(info.metadata, Column)
        if mapped is not None:
            return getattr(row, mapped.column)
        # A row that is older than the field has its default.
        return row.details.get(name, None if info.is_required() else info.default)

    def _output_fields(self) -> Iterator[tuple[str, FieldInfo]]:
        """The fields that a session keeps in the form that a start gives them."""
        return (
            (name, info) for name, info in self.fields.model_fields.items() if not metadata_of(info.metadata, InputOnly)
        )

    def with_defaults(self, fields: Any, *, project: ProjectDefaults, now: Instant) -> dict[str, Any]:  # noqa: ARG002 - for the kinds
        """All fields of a start by name, with what the server fills in."""
        return {name: getattr(fields, name) for name in self.fields.model_fields}


def is_instant(info: FieldInfo) -> bool:
    """Whether a field holds an instant, or null."""
    parts = [info.metadata, *(get_args(part) for part in get_args(info.annotation))]
    return any(metadata_of(part, InstantType) for part in parts)


def metadata_of(metadata: Iterable[object], marker: type[M]) -> M | None:
    """The mark of one class among the metadata of a field."""
    return next((item for item in metadata if isinstance(item, marker)), None)
