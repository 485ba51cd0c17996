"""Every way in which an operation can name an object, made from the built schema."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from graphql import (
    GraphQLArgument,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLScalarType,
    get_named_type,
    get_nullable_type,
    is_required_argument,
    is_required_input_field,
)

from models.ids import ACTIVITY, AUDIT_ENTRY, SESSION, TOKEN, new_id
from schema import graphql_schema
from tests.access.wall.selection import all_types, select_field
from tests.access.wall.world import KINDS, NOBODYS, Side, altered, event, variant
from tests.api.session_inputs import MINIMAL_INPUTS


class Target(NamedTuple):
    """A value that names something of a side, and one of the same form that names nothing."""

    name: str
    existing: Any
    missing: Any


TargetsOf = Callable[[Side], list[Target]]


def _sessions(side: Side) -> list[Target]:
    return [Target(kind, side.sessions[kind], new_id(SESSION)) for kind in KINDS]


def _project(side: Side) -> list[Target]:
    return [Target("project", side.name, NOBODYS)]


def _nodes(side: Side) -> list[Target]:
    others = [Target("activity", side.activity, new_id(ACTIVITY)), Target("token", side.token, new_id(TOKEN))]
    entry = Target("audit entry", side.audit_entry, new_id(AUDIT_ENTRY))
    return [*_sessions(side), *_project(side), *others, entry]


def _text(ending: str) -> TargetsOf:
    return lambda side: [Target(ending, f"{side.name}{ending}", f"{NOBODYS}{ending}")]


def _position(side: Side) -> list[Target]:
    return [Target("position", side.cursors["activities"], side.cursors["deleted activity"])]


def _row(of: str, prefix: str) -> TargetsOf:
    return lambda side: [Target("row", side.cursors[of], altered(side.cursors[of], new_id(prefix)))]


def _resume_token(side: Side) -> list[Target]:
    return [Target("resume token", side.cursors["set"], side.cursors["no set"])]


NAMING: Final[Mapping[str, TargetsOf]] = {
    **dict.fromkeys(("Query.node(id:)", "Query.nodes(ids:)"), _nodes),
    **dict.fromkeys(("Query.session(id:)", "SessionFilter.ids", "StartSessionInput.previousId"), _sessions),
    **dict.fromkeys(
        (
            *("KeepaliveSessionInput.id", "HideSessionInput.id", "StopSessionInput.id", "UpdateAgendaSessionInput.id"),
            *("TrackMediaInput.id", "SaveFieldDataInput.id", "TerminateSessionInput.id", "DeleteSessionInput.id"),
        ),
        _sessions,
    ),
    **dict.fromkeys(
        (
            *("Query.project(id:)", "SessionFilter.projectIds", "StartSessionInput.projectId", "CreateProjectInput.id"),
            *("UpdateProjectInput.id", "DeleteProjectInput.id", "CreateTokenInput.projectIds"),
        ),
        _project,
    ),
    "RevokeTokenInput.id": lambda side: [Target("token", side.token, new_id(TOKEN))],
    # Values by which a session of the same project is found again.
    "StartSessionInput.externalId": _text("-user"),
    "StartSessionInput.idempotencyKey": _text("-user"),
    "AgendaSessionInput.importId": _text("-agenda"),
    "FieldSessionInput.uuid": _text("-field"),
    "UserSessionInput.clientId": _text("-user" + "x" * 16),
    # Properties by which sessions are found.
    "SessionFilter.subjects": _text("-user"),
    "SessionFilter.externalIds": _text("-user"),
    "SessionFilter.pathPrefix": _text(""),
    "ClientFilter.clientSystems": _text("-client"),
    "ClientFilter.deviceIds": _text("-client"),
    "AgendaFilter.importIds": _text("-agenda"),
    "MediaFilter.mediaIds": _text("-media"),
    "MediaFilter.channels": _text("-media"),
    "MediaFilter.contentTypes": _text("-media"),
    "FieldFilter.unitIds": _text("-field"),
    "FieldFilter.uuids": _text("-field"),
    "UserFilter.usernames": _text("-user"),
    # Positions in lists and streams.
    **dict.fromkeys(
        (
            *("Session.activities(after:)", "Session.activities(before:)", "Subscription.sessionActivities(after:)"),
            *("Query.activities(after:)", "Query.activities(before:)"),
        ),
        _position,
    ),
    **dict.fromkeys(("Query.sessions(after:)", "Query.sessions(before:)"), _row("sessions", SESSION)),
    **dict.fromkeys(("Project.sessions(after:)", "Project.sessions(before:)"), _row("project", SESSION)),
    **dict.fromkeys(("Query.tokens(after:)", "Query.tokens(before:)"), _row("tokens", TOKEN)),
    **dict.fromkeys(
        ("Query.projects(after:)", "Query.projects(before:)"),
        lambda side: [Target("row", side.cursors["projects"], altered(side.cursors["projects"], NOBODYS))],
    ),
    **dict.fromkeys(
        ("Query.auditLog(after:)", "Query.auditLog(before:)"),
        lambda side: [Target("row", side.cursors["auditLog"], altered(side.cursors["auditLog"], 999_999))],
    ),
    "AuditLogFilter.actorIds": lambda side: [Target("token", side.tokens["ALL"]["token"]["id"], new_id(TOKEN))],
    "AuditLogFilter.targetIds": lambda side: [Target("session", side.deleted, new_id(SESSION))],
    "Subscription.activeSessions(after:)": _resume_token,
}
"""Coordinates of the schema whose values name objects, or are found among those of all projects."""

DATA: Final = frozenset({
    *("ClientFilter.languages", "FieldSession.data(names:)"),
    *("StartSessionInput.path", "StartSessionInput.metadata", "KeepaliveSessionInput.path", "HideSessionInput.path"),
    *("StopSessionInput.path", "MediaPingInput.qoe", "MediaEventInput.params", "MediaEventInput.qoe"),
    *("MediaEventInput.customMetadata", "TerminateSessionInput.reason", "TerminateSessionsInput.reason"),
    *("ClientSessionInput.clientSystem", "ClientSessionInput.clientType", "ClientSessionInput.deviceId"),
    *("ClientSessionInput.language", "ClientSessionInput.timezone"),
    *("AgendaSessionInput.name", "AgendaSessionInput.descriptionHtml"),
    *("MediaSessionInput.trackingServer", "MediaSessionInput.reportSuite", "MediaSessionInput.organizationId"),
    *("MediaSessionInput.visitorId", "MediaSessionInput.mediaId", "MediaSessionInput.mediaName"),
    *("MediaSessionInput.contentType", "MediaSessionInput.playerName", "MediaSessionInput.channel"),
    *("MediaSessionInput.sdkVersion", "MediaSessionInput.params", "MediaSessionInput.customMetadata"),
    *("MediaSessionInput.qoe", "FieldSessionInput.unitId", "UserSessionInput.username"),
    *("DataPointInput.name", "DataPointInput.value", "DataPointInput.rawData", "DataPointInput.file"),
    *("UpdateAgendaSessionInput.name", "UpdateAgendaSessionInput.descriptionHtml", "UpdateAgendaSessionInput.importId"),
    *("SaveFieldDataInput.remove", "CreateProjectInput.name", "CreateProjectInput.defaultLanguage"),
    *("UpdateProjectInput.name", "UpdateProjectInput.defaultLanguage", "CreateTokenInput.name"),
    "CreateTokenInput.origins",
})  # fmt: skip
"""Coordinates whose values are stored or compared within one session, and name nothing."""

VALUE_TYPES: Final = frozenset({"Int", "Float", "Boolean", "DateTime"})
"""Scalars that name nothing."""

REQUIRED: Final[Mapping[str, Any]] = {
    "StartSessionInput.variant": {"user": {"username": "ann"}},
    "TrackMediaInput.events": [event()],
    "SaveFieldDataInput.data": [{"name": "text", "value": "x"}],
    "SaveFieldDataInput.remove": [],
    "TerminateSessionInput.reason": "x",
    "TerminateSessionsInput.reason": "x",
    "CreateTokenInput.name": "x",
    "CreateTokenInput.scopes": ["READ"],
    **{f"{kind.capitalize()}SessionInput": values for kind, values in MINIMAL_INPUTS.items()},
}
"""Required fields beside the one that names something, and whole inputs of kinds."""

Values = Callable[[Any], dict[str, Any]]


@dataclass(frozen=True)
class Case:
    """One way to name an object, in a document that selects all that it leads to."""

    name: str
    operation: str
    coordinate: str
    document: str
    targets: TargetsOf
    variables: Callable[[Side, Target, Any], dict[str, Any]]
    """By the side of the caller, the target, and its value to send."""


def unlisted_coordinates() -> list[str]:
    """Return the coordinates of texts and ids that are neither in `NAMING` nor in `DATA`."""
    return sorted(
        {one.coordinate for one in every_place() if one.coordinate not in NAMING and one.coordinate not in DATA}
    )


class Place(NamedTuple):
    """A leaf of the arguments of a field."""

    owner: str
    field: str
    argument: str
    path: tuple[str, ...]
    """Within the argument."""
    coordinate: str


def every_place() -> Iterator[Place]:
    """Yield each leaf of the arguments of each field that could name an object."""
    for owner in all_types():
        inherited = {name for interface in getattr(owner, "interfaces", ()) for name in interface.fields}
        for name, field in owner.fields.items():
            if name in inherited:
                continue
            for argument, definition in field.args.items():
                for path, coordinate in _leaves(definition, f"{owner.name}.{name}({argument}:)"):
                    yield Place(owner.name, name, argument, path, coordinate)


def _leaves(
    definition: GraphQLArgument | GraphQLInputField, coordinate: str, seen: frozenset[str] = frozenset()
) -> Iterator[tuple[tuple[str, ...], str]]:
    named = get_named_type(definition.type)
    if isinstance(named, GraphQLInputObjectType):
        if named.name not in seen:
            for name, field in named.fields.items():
                for path, leaf in _leaves(field, f"{named.name}.{name}", seen | {named.name}):
                    yield (name, *path), leaf
    elif isinstance(named, GraphQLScalarType) and named.name not in VALUE_TYPES:
        yield (), coordinate


# Where nested fields with arguments are reached from.
DOORS: Final[Mapping[str, tuple[str, Callable[[Side], str]]]] = {
    "Session": ("session(id: $door)", lambda side: side.sessions["user"]),
    "Project": ("project(id: $door)", lambda side: side.name),
}


def every_case() -> list[Case]:
    return [_case(place) for place in every_place() if place.coordinate in NAMING]


def _case(place: Place) -> Case:
    owner = graphql_schema.type_map[place.owner]
    field = owner.fields[place.field]  # type: ignore[attr-defined]  # it has fields
    used = [
        (name, argument)
        for name, argument in field.args.items()
        if name == place.argument or is_required_argument(argument)
    ]
    call = f"({', '.join(f'{name}: ${name}' for name, _ in used)})"
    declared = [f"${name}: {argument.type}" for name, argument in used]
    operation = place.owner.lower() if place.owner in ("Query", "Mutation", "Subscription") else "query"
    selected = select_field(place.owner, place.field, field, call=call)
    if place.owner in DOORS:
        declared.append("$door: ID!")
        selected = f"{DOORS[place.owner][0]} {{ {selected} }}"

    def variables(side: Side, target: Target, value: Any) -> dict[str, Any]:
        values = {name: _fill(argument.type, place.path, value, side, target) for name, argument in used}
        return values | ({"door": DOORS[place.owner][1](side)} if place.owner in DOORS else {})

    name = ".".join([f"{place.owner}.{place.field}", place.argument, *place.path])
    document = f"{operation}({', '.join(declared)}) {{ {selected} }}"
    return Case(name, operation, place.coordinate, document, NAMING[place.coordinate], variables)


def _fill(type_: Any, path: tuple[str, ...], value: Any, side: Side, target: Target) -> Any:
    """Build the smallest valid value of a type that has `value` at a path."""
    nullable = get_nullable_type(type_)
    if isinstance(nullable, GraphQLList):
        return [_fill(nullable.of_type, path, value, side, target)]
    if not isinstance(nullable, GraphQLInputObjectType):
        return value
    filled = dict(REQUIRED.get(nullable.name, {}))
    for name, field in nullable.fields.items():
        coordinate = f"{nullable.name}.{name}"
        if path and name == path[0]:
            filled[name] = _fill(field.type, path[1:], value, side, target)
        elif is_required_input_field(field) and name not in filled:
            filled[name] = REQUIRED[coordinate]
    return _completed(filled, path, target)


def _completed(filled: dict[str, Any], path: tuple[str, ...], target: Target) -> dict[str, Any]:
    """Add what the value is found together with."""
    if path == ("previousId",):
        return filled | {"variant": {target.name: variant(target.name, NOBODYS)}}
    if path == ("clientId",):
        return filled | {"username": target.existing.removesuffix("x" * 16)}
    return filled
