"""Input of a start: rules between the fields that all kinds share and those of one kind."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from models.clock import Instant
from models.enums import Kind
from models.kinds import KINDS
from models.kinds.base import Column, KindFields, KindRules, metadata_of
from models.kinds.start import StartFields
from models.kinds.validation import in_input_order, validate
from models.problems import Problem, prefix_paths, quote
from models.uploaded_file import UploadedFile
from resolvers.access import Caller
from resolvers.forms.data_points import StoredAttachment

EXTERNAL_ID: Final = ("externalId",)


@dataclass(frozen=True, slots=True)
class StartRequest:
    """A start, with the problems that its input has by itself."""

    caller: Caller
    now: Instant
    rules: KindRules
    common: StartFields
    variant: KindFields
    digest: str
    """Of the whole input, to recognise a replay by."""
    problems: tuple[Problem, ...] = ()
    files: Mapping[str, StoredAttachment] = field(default_factory=dict)
    """Stored files of the data points, by the points' names."""

    def in_input_order(self, *problems: Problem) -> list[Problem]:
        """Sort problems by the fields of the input, those of the variant last; a path keeps its first problem only."""
        of_variant = [problem for problem in problems if problem.path[1] == "variant"]
        common = [problem for problem in problems if problem.path[1] != "variant"]
        return in_input_order(StartFields, common, 1) + in_input_order(self.rules.fields, of_variant, 3)


def parse_start(  # noqa: PLR0913 - the parts of the operation
    caller: Caller,
    now: Instant,
    values: Mapping[str, Any],
    kind: Kind,
    variant: Mapping[str, Any],
    *,
    file_problems: Iterable[Problem],
) -> StartRequest:
    """Validate the values that all kinds share and those of the kind, by their Python names."""
    rules = KINDS[kind]
    if rules.kind == Kind.USER and caller.username is not None:
        # Before the digest: a replay may give the name.
        variant = {"username": caller.username, **variant}
    full_variant = _apply_external_id(rules, values, variant)
    common, specific = validate(StartFields, values), validate(rules.fields, full_variant)
    problems = (
        *common.problems,
        *_cross_field_problems(rules, values, full_variant),
        *_relocate_problems(rules, variant, (*specific.problems, *file_problems), common.problems),
    )
    return StartRequest(
        caller=caller,
        now=now,
        rules=rules,
        common=common.fields,
        variant=specific.fields,
        digest=_digest_of(values, kind, variant),
        problems=tuple(prefix_paths(problems, "input")),
    )


def _digest_of(values: Mapping[str, Any], kind: Kind, variant: Mapping[str, Any]) -> str:
    """Compute the SHA-256 of an input as coerced: independent of field order and spelling; files by their content."""
    # orjson would serialise an uploaded file's dataclass field by field.
    options = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATACLASS
    return hashlib.sha256(orjson.dumps([values, kind, variant], default=_digestable, option=options)).hexdigest()


def _digestable(value: bytes | UploadedFile) -> object:
    return hashlib.sha256(value).hexdigest() if isinstance(value, bytes) else {"sha256": value.sha256}


def _apply_external_id(rules: KindRules, values: Mapping[str, Any], variant: Mapping[str, Any]) -> Mapping[str, Any]:
    """Copy `externalId` into the variant, under the kind's own name for it (`uuid`, `importId`)."""
    name = _field_for_column(rules.fields, "external_id")
    external_id = values.get("external_id")
    return variant if name is None or external_id is None or name in variant else {**variant, name: external_id}


def _relocate_problems(
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


def _cross_field_problems(rules: KindRules, values: Mapping[str, Any], variant: Mapping[str, Any]) -> Iterator[Problem]:
    """List violations of rules between shared and kind-specific fields; paths start at the input."""
    if not rules.takes_timeout and "timeout_seconds" in values:
        yield Problem(("timeoutSeconds",), f"must not be set for {rules.kind}: its schedule ends the session")
    name = _field_for_column(rules.fields, "external_id")
    if name is not None and (own := variant.get(name)) != (external_id := values.get("external_id", own)):
        alias = rules.fields.model_fields[name].alias
        message = f"must be the same as {alias}, or not set: not {quote(external_id)} beside {quote(own)}"
        yield Problem(EXTERNAL_ID, message)
    if rules.kind == Kind.USER and "username" not in variant:
        yield Problem(("variant", "user", "username"), "must be given: the caller has no name of its own")


def _field_for_column(fields: type[KindFields], column: str) -> str | None:
    for name, info in fields.model_fields.items():
        column_mark = metadata_of(info.metadata, Column)
        if column_mark is not None and column_mark.column == column:
            return name
    return None
