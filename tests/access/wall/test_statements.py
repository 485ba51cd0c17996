"""Statements of callers of one project: each has the condition on projects, or a reason not to."""

import re
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Table

from models import tables
from tests.access.tokens import ask
from tests.access.wall.test_requests import REQUESTS
from tests.access.wall.world import OURS, Side, World, event, open_world
from tests.statements import Statement, capture_statements

OF_PROJECTS: Final = (
    *("session", "activity", "project", "data_point", "attachment", "path_time", "media_event", "media_state"),
    *("session_track", "idempotency", "audit_entry", "token"),
)
"""Tables whose rows belong to projects."""

_SCOPED: Final = re.compile(
    r"(?:project_id\)?|project\.id|session_1\.project_id|json_each\(token\.project_ids\).*?value NOT) (?:IN \(|= \?)",
    re.DOTALL,
)
REASONS: Final = {
    # Writes of rows that statements of the same transaction have read in the caller's projects.
    r"^UPDATE session SET .* WHERE session\.id = \? AND session\.revision = \?": "unit of work",
    r"^DELETE FROM session WHERE session\.id IN": "found before",
    r"^DELETE FROM activity WHERE activity\.session_id IN": "found before",
    r"^DELETE FROM session_track WHERE session_track\.session_id IN": "found before",
    r"^UPDATE stored_file SET loose=\? WHERE .*IN \(SELECT attachment\.file_key FROM attachment WHERE": "found before",
    r"^DELETE FROM attachment WHERE attachment\.session_id = \? AND attachment\.name = \?": "found before",
    r"^DELETE FROM data_point WHERE data_point\.session_id = \? AND data_point\.name = \?": "found before",
    r"^UPDATE idempotency SET session_id=\? WHERE idempotency\.session_id = \?": "found before",
    r"^UPDATE token SET revoked_at=\? WHERE token\.id = \?": "found before",
    r"^SELECT path_time\.session_id, path_time\.path FROM path_time WHERE": "unit of work",
    r"^UPDATE path_time SET .* WHERE path_time\.session_id = \? AND path_time\.path = \?": "unit of work",
    r"^SELECT media_state\..* FROM media_state WHERE media_state\.session_id IN": "unit of work",
    r"^SELECT data_point\.session_id, .* FROM data_point LEFT OUTER JOIN attachment .* WHERE data_point\.session_id IN":
        "unit of work",
    # Finds the caller itself, by what only it knows.
    r"^SELECT token\..* FROM token WHERE token\.lookup = \?": "authentication",
}  # fmt: skip
"""Statements without the condition, by what they look like, and why they may be so."""

QUERIES: Final = [
    case
    for case in REQUESTS
    if case.operation == "query" and ("filter" not in case.name or case.name.endswith(("filter.ids", "uuids")))
]
MUTATIONS: Final = """mutation($keep: KeepaliveSessionInput!, $hide: HideSessionInput!, $track: TrackMediaInput!,
        $save: SaveFieldDataInput!, $update: UpdateAgendaSessionInput!, $again: StartSessionInput!, $project: ID!) {
    keepaliveSession(input: $keep) { problems { code } } hideSession(input: $hide) { problems { code } }
    trackMedia(input: $track) { problems { code } } saveFieldData(input: $save) { problems { code } }
    updateAgendaSession(input: $update) { problems { code } } startSession(input: $again) { problems { code } }
    updateProject(input: {id: $project, name: "x"}) { problems { code } }
    deleteProject(input: {id: $project}) { problems { code } } }"""
ENDS: Final = """mutation($client: ID!, $agenda: ID!, $media: ID!, $field: ID!, $token: ID!) {
    stopSession(input: {id: $client, path: ["left"]}) { problems { code } }
    terminateSession(input: {id: $agenda, reason: "x"}) { problems { code } }
    deleteSession(input: {id: $media}) { problems { code } }
    removed: deleteSession(input: {id: $field}) { problems { code } }
    terminateSessions(input: {filter: {}, reason: "x"}) { problems { code } }
    revokeToken(input: {id: $token}) { problems { code } } }"""


def own_mutations(side: Side) -> dict[str, object]:
    field = {"unitId": f"{side.name}-field", "uuid": f"{side.name}-field", "data": [{"name": "text", "value": "new"}]}
    return {
        "keep": {"id": side.sessions["user"], "path": ["elsewhere"], "sequence": 7},
        "hide": {"id": side.sessions["client"]},
        "track": {"id": side.sessions["media"], "events": [event(), event(type="PAUSE_START")]},
        "save": {"id": side.sessions["field"], "data": [], "remove": ["file", "text"]},
        "update": {"id": side.sessions["agenda"], "scheduleTracks": [1, 2]},
        "again": {"variant": {"field": field}, "idempotencyKey": "again", "previousId": side.sessions["field"]},
        "project": side.name,
    }


def is_scoped(statement: Statement) -> bool:
    return _SCOPED.search(statement) is not None and OURS in _flat(statement.parameters)


def _flat(parameters: Any) -> set[object]:
    return set(parameters.values() if isinstance(parameters, dict) else parameters)


def touched(statement: str) -> bool:
    return any(re.search(rf"(?:FROM|JOIN|UPDATE|,) {name}\b", statement) for name in OF_PROJECTS)


def unscoped(statements: list[Statement]) -> tuple[set[str], set[str]]:
    """Return the statements on rows of projects without the condition and a reason, and the reasons that were used."""
    found: set[str] = set()
    used: set[str] = set()
    for statement in statements:
        text = " ".join(statement.split())
        if text.startswith("INSERT") or not touched(text) or is_scoped(statement):
            continue
        reason = next((pattern for pattern in REASONS if re.search(pattern, text)), None)
        (found if reason is None else used).add(reason or text)
    return found, used


async def test_each_statement_is_scoped_to_the_callers_projects(tmp_path: Path) -> None:
    async with open_world(tmp_path) as world:
        statements = await run_everything(world)
    found, used = unscoped(statements)
    assert sorted(found) == []
    assert REASONS.keys() - used == set(), "reasons that no statement needs"


async def run_everything(world: World) -> list[Statement]:
    """Run every request of the wall on what our caller has itself, and what changes and ends it."""
    side = world.ours
    with capture_statements(world.api.app.state.services.database, writer=True) as sent:
        for case in REQUESTS:
            if case.operation == "query":
                for target in case.targets(side):
                    await ask(
                        world.api, case.document, side.authorization(), **case.variables(side, target, target.existing)
                    )
        for document, variables in (
            (MUTATIONS, own_mutations(side)),
            (ENDS, {kind: id_ for kind, id_ in side.sessions.items() if kind != "user"} | {"token": side.token}),
        ):
            answer = (await ask(world.api, document, side.authorization(), **variables)).json()
            assert "errors" not in answer, answer["errors"]
    return sent


def test_tables_of_projects_are_listed() -> None:
    every = {table.name for table in vars(tables).values() if isinstance(table, Table)}
    assert every - {"server", "stored_file"} == set(OF_PROJECTS)
