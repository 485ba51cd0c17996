"""A start that was checked, and the rules that hold between what all kinds share and what a kind adds."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from models.clock import Instant
from models.enums import Kind
from models.kinds.base import Breach, KindFields, KindRules, Stored, mark
from models.kinds.start import StartFields
from resolvers.access import Caller
from resolvers.forms.attachments import Kept

EXTERNAL_ID: Final = ("externalId",)


@dataclass(frozen=True, slots=True)
class Start:
    """One start: who, when, and what it says."""

    caller: Caller
    now: Instant
    rules: KindRules
    common: StartFields
    own: KindFields
    digest: str
    """Of the whole input, to know a repetition by."""
    files: Mapping[str, Kept]
    """What has become of the files among its data points, by name."""


def with_external_id(rules: KindRules, values: Mapping[str, Any], variant: Mapping[str, Any]) -> Mapping[str, Any]:
    """The variant, with `externalId` under the name that the kind itself has for it (`uuid`, `importId`)."""
    name = own_name(rules.fields, "external_id")
    given = values.get("external_id")
    return variant if name is None or given is None or name in variant else {**variant, name: given}


def where_given(
    rules: KindRules, variant: Mapping[str, Any], own: Iterable[Breach], common: Collection[Breach]
) -> Iterator[Breach]:
    """The breaches of a variant with paths that begin at the input; what came as `externalId` is at that place.

    It may break the rule that all kinds share, too: then `common` says so, and once is enough.
    """
    name = own_name(rules.fields, "external_id")
    stand_in = None if name is None or name in variant else (rules.fields.model_fields[name].alias,)
    told = any(breach.path == EXTERNAL_ID for breach in common)
    for breach in own:
        if breach.path != stand_in:
            yield breach.under("variant", rules.kind.lower())
        elif not told:
            yield breach._replace(path=EXTERNAL_ID)


def own_name(fields: type[KindFields], column: str) -> str | None:
    """The name that a kind has for what is stored in a shared column."""
    for name, info in fields.model_fields.items():
        stored = mark(info.metadata, Stored)
        if stored is not None and stored.column == column:
            return name
    return None


def between(rules: KindRules, values: Mapping[str, Any], variant: Mapping[str, Any]) -> Iterator[Breach]:
    """What breaks a rule between the two halves of a start; paths begin at the input."""
    if not rules.takes_timeout and "timeout_seconds" in values:
        yield Breach(("timeoutSeconds",), f"{rules.kind} sessions take none; their schedule ends them")
    name = own_name(rules.fields, "external_id")
    if name is not None and variant.get(name) != values.get("external_id", variant.get(name)):
        alias = rules.fields.model_fields[name].alias
        yield Breach(EXTERNAL_ID, f"contradicts {alias}, which is the same thing; give one of them")
    if rules.kind == Kind.USER and "username" not in variant:
        yield Breach(("variant", "user", "username"), "must be given: the caller has no user name of its own")
