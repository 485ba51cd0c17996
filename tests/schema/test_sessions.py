"""Sessions read from plain rows."""

import pytest
from graphql import GraphQLObjectType, is_leaf_type
from graphql import get_named_type as named_type

from models.kinds import KINDS
from resolvers.pagination import cursors
from schema import graphql_schema
from tests.schema.fake_context import NOW, PROJECT, FakeContext, FakeLoaders, execute_ok, make_activity, make_session


@pytest.mark.parametrize("kind", KINDS)
async def test_a_plain_row_is_of_the_type_of_its_kind(kind: str) -> None:
    s = make_session(kind)
    document = (
        "query ($id: ID!) { node(id: $id) { __typename id ... on Session { kind } } session(id: $id) { __typename } }"
    )
    name = f"{kind.capitalize()}Session"
    assert await execute_ok(document, FakeContext(FakeLoaders(s)), id=s.id) == {
        "node": {"__typename": name, "id": s.id, "kind": kind},
        "session": {"__typename": name},
    }


@pytest.mark.parametrize("kind", KINDS)
async def test_every_field_of_a_kind_can_be_read_from_its_row(kind: str) -> None:
    s = make_session(kind)
    type_ = graphql_schema.type_map[f"{kind.capitalize()}Session"]
    assert isinstance(type_, GraphQLObjectType)
    leaves = [name for name, of in type_.fields.items() if is_leaf_type(named_type(of.type))]
    document = f"query ($id: ID!) {{ session(id: $id) {{ ... on {type_.name} {{ {' '.join(leaves)} }} }} }}"
    shown = (await execute_ok(document, FakeContext(FakeLoaders(s)), id=s.id))["session"]
    assert shown.keys() == set(leaves)
    assert shown["subject"] == s.subject
    assert shown["metadata"] == {"a": [1]}


async def test_what_a_kind_stores_elsewhere_is_shown_under_its_own_name() -> None:
    rows = {kind: make_session(kind) for kind in KINDS}
    document = """query ($ids: [ID!]!) { nodes(ids: $ids) {
        ... on ClientSession { deviceId language timezone clientType geoListenEnabled }
        ... on AgendaSession { guide importId startTime endTime descriptionHtml locations rank allDay }
        ... on MediaSession { visitorId mediaId playhead playerState params qoe length }
        ... on FieldSession { uuid unitId created saved received data { name value rawData } }
        ... on UserSession { username clientId } } }"""
    ids = [s.id for s in rows.values()]
    assert (await execute_ok(document, FakeContext(FakeLoaders(*rows.values())), ids=ids))["nodes"] == [
        {"deviceId": "d1", "language": "fr", "timezone": "0000", "clientType": "iPhone", "geoListenEnabled": False},
        {
            "guide": 7,
            "importId": "i1",
            "startTime": "2024-01-01T00:00:05.000Z",
            "endTime": "2024-01-01T00:00:09.000Z",
            "descriptionHtml": None,
            "locations": [],
            "rank": 0.0,
            "allDay": False,
        },
        {
            "visitorId": "v",
            "mediaId": "m",
            "playhead": 1.5,
            "playerState": "STARTING",
            "params": {},
            "qoe": {"media.qoe.bitrate": 5},
            "length": 60.0,
        },
        {
            "uuid": "f1",
            "unitId": "u1",
            "created": "2023-12-31T23:59:58.000Z",
            "saved": "2024-01-01T00:00:00.000Z",
            "received": "2024-01-01T00:00:00.000Z",
            "data": [{"name": "photo", "value": None, "rawData": "AAE="}],
        },
        {"username": "ada", "clientId": "0123456789abcdef"},
    ]


STATE_FIELDS = "state visible expiresAt endedAt endReason elapsedSeconds visibleSeconds"


async def test_a_session_is_shown_as_it_is_at_the_time_of_the_operation() -> None:
    s = make_session("USER", expires_at=NOW + 5000, expiry_reason="EXPIRED")
    scene = FakeContext(FakeLoaders(s))
    document = f"query ($id: ID!) {{ session(id: $id) {{ {STATE_FIELDS} }} }}"
    assert (await execute_ok(document, scene, id=s.id))["session"] == {
        "state": "ACTIVE",
        "visible": True,
        "expiresAt": "2024-01-01T00:00:05.000Z",
        "endedAt": None,
        "endReason": None,
        "elapsedSeconds": 1.0,
        "visibleSeconds": 1.5,
    }
    scene.now = NOW + 5000
    assert (await execute_ok(document, scene, id=s.id))["session"] == {
        "state": "ENDED",
        "visible": False,
        "expiresAt": None,
        "endedAt": "2024-01-01T00:00:05.000Z",
        "endReason": "EXPIRED",
        "elapsedSeconds": 0.0,
        "visibleSeconds": 1.5,
    }


async def test_a_session_leads_to_its_project_its_predecessor_its_paths_and_its_timeline() -> None:
    first = make_session("USER")
    s = make_session("USER", previous_id=first.id)
    entries = [make_activity(s, position, what) for position, what in enumerate(("STARTED", "MOVED", "HIDDEN"))]
    document = """query ($id: ID!) { session(id: $id) {
        project { id timeouts { kind seconds } }
        previous { id previous { id } }
        pathTimes { path visibleSeconds }
        activities(first: 1, types: [MOVED, HIDDEN]) {
            edges { cursor node { id type clientTime data session { id } } } pageInfo { hasNextPage endCursor } } } }"""
    assert (await execute_ok(document, FakeContext(FakeLoaders(PROJECT, first, s, *entries)), id=s.id))["session"] == {
        "project": {
            "id": "default",
            "timeouts": [
                {"kind": "CLIENT", "seconds": 1800},
                {"kind": "AGENDA", "seconds": None},
                {"kind": "MEDIA", "seconds": 600},
                {"kind": "FIELD", "seconds": None},
                {"kind": "USER", "seconds": 60},
            ],
        },
        "previous": {"id": first.id, "previous": None},
        "pathTimes": [{"path": ["view"], "visibleSeconds": 1.5}],
        "activities": {
            "edges": [
                {
                    "cursor": cursors.encode("d", (1,)),
                    "node": {
                        "id": entries[1].id,
                        "type": "MOVED",
                        "clientTime": "2024-01-01T00:00:00.000Z",
                        "data": {},
                        "session": {"id": s.id},
                    },
                }
            ],
            "pageInfo": {"hasNextPage": False, "endCursor": cursors.encode("d", (1,))},
        },
    }


async def test_a_row_that_is_older_than_a_field_shows_its_default() -> None:
    s = make_session("AGENDA")
    del s.details["all_day"], s.details["locations"], s.details["max_capacity"]
    document = "query ($id: ID!) { session(id: $id) { ... on AgendaSession { allDay locations maxCapacity } } }"
    shown = (await execute_ok(document, FakeContext(FakeLoaders(s)), id=s.id))["session"]
    assert shown == {"allDay": False, "locations": [], "maxCapacity": None}
