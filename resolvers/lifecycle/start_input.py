"""Input of a start: rules between the fields that all kinds share and those of one kind."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from models.clock import Instant
from models.enums import Kind
from models.kinds.base import Column, KindFields, KindRules, metadata_of
from models.kinds.start import StartFields
from models.problems import Problem
from resolvers.access import Caller
from resolvers.forms.data_points import StoredAttachment

EXTERNAL_ID: Final = ("externalId",)


@dataclass(frozen=True, slots=True)
class StartRequest:
    """A validated start."""

    caller: Caller
    now: Instant
    rules: KindRules
    common: StartFields
    variant: KindFields
    digest: str
    """Of the whole input, to recognise a replay by."""
    files: Mapping[str, StoredAttachment]
    """Stored files of the data points, by the points' names."""


def apply_external_id(rules: KindRules, values: Mapping[str, Any], variant: Mapping[str, Any]) -> Mapping[str, Any]:
    """Copy `externalId` into the variant, under the kind's own name for it (`uuid`, `importId`)."""
    name = _field_for_column(rules.fields, "external_id")
    external_id = values.get("external_id")
    return variant if name is None or external_id is None or name in variant else {**variant, name: external_id}


def relocate_problems(
    rules: KindRules,
    variant: Mapping[str, Any],
    variant_problems: Iterable[Problem],
    common_problems: Collection[Problem],
) -> Iterator[Problem]:
    """Make the paths of a variant's problems start at the input.

    A value that was sent as `externalId` is reported there, and once: it may break a shared rule as well.
    """
    name = _field_for_column(rules.fields, "external_id")
    external_id_path = None if name is None or name in variant else (rules.fields.model_fields[name].alias,)
    is_reported = any(problem.path == EXTERNAL_ID for problem in common_problems)
    for problem in variant_problems:
        if problem.path != external_id_path:
            yield problem.prefixed("variant", rules.kind.lower())
        elif not is_reported:
            yield problem._replace(path=EXTERNAL_ID)


def cross_field_problems(rules: KindRules, values: Mapping[str, Any], variant: Mapping[str, Any]) -> Iterator[Problem]:
    """List violations of rules between shared and kind-specific fields; paths start at the input."""
    if not rules.takes_timeout and "timeout_seconds" in values:
        yield Problem(("timeoutSeconds",), f"{rules.kind} sessions take none; their schedule ends them")
    name = _field_for_column(rules.fields, "external_id")
    if name is not None and variant.get(name) != values.get("external_id", variant.get(name)):
        alias = rules.fields.model_fields[name].alias
        yield Problem(EXTERNAL_ID, f"contradicts {alias}, which is the same thing; give one of them")
    if rules.kind == Kind.USER and "username" not in variant:
        yield Problem(("variant", "user", "username"), "must be given: the caller has no user name of its own")


def _field_for_column(fields: type[KindFields], column: str) -> str | None:
    for name, info in fields.model_fields.items():
        column_mark = metadata_of(info.metadata, Column)
        if column_mark is not None and column_mark.column == column:
            return name
    return None
