"""The wall between projects in requests: what is beyond it cannot be distinguished from what does not exist."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from tests.access.tokens import ask
from tests.access.wall.cases import Case, Target, every_case, unlisted_coordinates
from tests.access.wall.world import THEIRS, World, open_world
from tests.statements import capture_statements

CASES: Final = every_case()
REQUESTS: Final = [case for case in CASES if case.operation != "subscription"]

_NEW_ID: Final = re.compile(r'"([a-z]_)[A-Za-z0-9_-]{22}"')
_CURSOR: Final = re.compile(r'"(cursor|startCursor|endCursor|secret|lookup|url)":"[^"]*"')
_LIST: Final = re.compile(r"\(\?(?:, \?)*\)")


@pytest.fixture(scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A world that no case changes."""
    async with open_world(tmp_path_factory.mktemp("wall")) as opened:
        # Rows of both projects are in memory from now on.
        for side in (opened.ours, opened.theirs):
            await ask(opened.api, "{ sessions { nodes { project { id } } } }", side.authorization())
        yield opened


class Outcome(NamedTuple):
    answer: str
    statements: set[str]


async def run(world: World, case: Case, target: Target, value: Any, authorization: str = "") -> Outcome:
    """Run a case, as our caller of all scopes by default, with the value of the target replaced in the answer."""
    side = world.theirs if authorization in world.theirs.authorizations else world.ours
    database, variables = world.api.app.state.services.database, case.variables(side, target, value)
    with capture_statements(database, writer=True) as sent:
        response = await ask(world.api, case.document, authorization or side.authorization(), **variables)
    text = json.dumps([response.status_code, response.json()], separators=(",", ":"))
    answer = without_new_values(case, text, value)
    if case.operation == "mutation":
        await world.undo_starts()
    # Which keys loaders read together, and in how many statements, depends on which of several reads ends first.
    return Outcome(answer, {_LIST.sub("(?)", sql) for sql in sent if "token.lookup = " not in sql})


def without_new_values(case: Case, answer: str, value: Any) -> str:
    """Replace the value that was sent and, of a mutation, what differs each time that it succeeds."""
    answer = answer.replace(json.dumps(value)[1:-1], "<value>")
    if case.operation != "mutation":
        return answer
    return _CURSOR.sub(r'"\1":"<cursor>"', _NEW_ID.sub(r'"\1<id>"', answer))


def without_echoes(answer: str, sent: Any) -> str:
    """Remove the texts from an answer that were sent."""
    for value in sent.values() if isinstance(sent, dict) else sent if isinstance(sent, list) else ():
        answer = without_echoes(answer, value)
    return answer.replace(sent, "") if isinstance(sent, str) and sent else answer


def _name(case: Case) -> str:
    return case.name


def test_each_text_and_id_of_the_schema_is_listed() -> None:
    assert unlisted_coordinates() == []


@pytest.mark.parametrize("case", REQUESTS, ids=_name)
async def test_what_is_beyond_the_wall_does_not_exist(world: World, case: Case) -> None:
    for target in case.targets(world.theirs):
        found = await run(world, case, target, target.existing)
        assert found == await run(world, case, target, target.missing), target.name
        shown = without_echoes(found.answer, case.variables(world.ours, target, target.existing))
        assert [text for text in (THEIRS, *world.their_ids) if text in shown] == [], target.name


@pytest.mark.long
@pytest.mark.parametrize("scope", ["READ", "WRITE", "ADMIN"])
@pytest.mark.parametrize("case", REQUESTS, ids=_name)
async def test_wall_is_the_same_for_each_scope(world: World, case: Case, scope: str) -> None:
    authorization = world.ours.authorization(scope)
    for target in case.targets(world.theirs):
        # An operation that is refused in part answers while other reads of it are still running: no statements here.
        found = (await run(world, case, target, target.existing, authorization)).answer
        assert found == (await run(world, case, target, target.missing, authorization)).answer, target.name


NEVER_FOUND: Final = frozenset({
    # Positions in a list, whether or not there is a row.
    *(f"{owner}({way}:)" for way in ("after", "before") for owner in (
        "Query.sessions", "Project.sessions", "Query.projects", "Query.tokens", "Query.auditLog")),
    # Not unique: sessions with the same are found by filters only.
    *("StartSessionInput.externalId", "AgendaSessionInput.importId"),
})  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("case", [case for case in REQUESTS if case.coordinate not in NEVER_FOUND], ids=_name)
async def test_each_case_finds_something_on_its_own_side(tmp_path: Path, case: Case) -> None:
    """A case that never finds anything would prove nothing."""
    async with open_world(tmp_path) as world:
        authorization = world.theirs.authorization()
        for target in case.targets(world.theirs):
            missing = await run(world, case, target, target.missing, authorization)
            assert await run(world, case, target, target.existing, authorization) != missing, target.name
