"""Look-ahead: which attributes an operation reads from the objects below a field."""

from typing import Any

from graphql import GraphQLResolveInfo, get_named_type, is_abstract_type

from transport.executor.extensions import READS
from transport.executor.plan import PlannedField, Selection, possible_types
from transport.executor.run import PlannedInfo


def selected_attributes(info: GraphQLResolveInfo[Any], *path: str) -> frozenset[str] | None:
    """Return the attributes that the operation reads from the objects at `path`; None if it may read any of them.

    `path` has the names of fields, not their aliases, below the field that `info` is of: `("edges", "node")`. Without
    a path, the objects are those of the field itself. Nothing is read where the operation does not select the path:
    then the set is empty. Objects of all types that are possible there count.
    """
    if not isinstance(info, PlannedInfo):  # graphql-core's own executor
        return None
    planned = info.planned
    known, key = planned.plan.look_ahead, (planned, path)
    if key not in known:
        known[key] = _find_attributes([planned], path)
    return known[key]


def _find_attributes(fields: list[PlannedField], path: tuple[str, ...]) -> frozenset[str] | None:
    for name in path:
        fields = [each for parent in fields for each in _fields_below(parent) if each.nodes[0].name.value == name]
    attributes: set[str] = set()
    for planned in fields:
        for reads in (_reads_of_type(planned), *map(_reads_of_field, _fields_below(planned))):
            if reads is None:
                return None
            attributes |= reads
    return frozenset(attributes)


def _fields_below(parent: PlannedField) -> list[PlannedField]:
    selections: list[Selection] = parent.plan.all_below(parent)
    return [each for selection in selections for each in selection.fields]


def _reads_of_type(planned: PlannedField) -> frozenset[str] | None:
    """Return what is read to find the types of the objects of a field."""
    type_ = get_named_type(planned.definition.type)
    if any(each.is_type_of for each in possible_types(planned.plan.schema, type_)):
        return None  # it asks the objects
    return type_.extensions.get(READS) if is_abstract_type(type_) else frozenset()


def _reads_of_field(planned: PlannedField) -> frozenset[str] | None:
    if planned.is_typename:
        return frozenset()
    if planned.attribute is not None:
        return frozenset({planned.attribute})
    return planned.definition.extensions.get(READS)
