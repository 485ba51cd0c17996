"""Commands load and write the columns that they need, and those that their callers are shown."""

import re
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.engine import Connection

from models.database import Database
from models.enums import MediaEventType
from models.tables import session
from models.tables.rows import Session
from resolvers.access import LOCAL_ADMIN
from resolvers.context import open_context
from resolvers.lifecycle import service
from resolvers.lifecycle.result import MutationResult
from resolvers.lifecycle.unit_of_work import ALL_COLUMNS, HEARTBEAT_COLUMNS, LIFE_COLUMNS
from tests.api.session_inputs import MINIMAL_INPUTS
from tests.api_client import EPOCH, ApiClient, open_api
from tests.statements import capture_statements

PING: Final = {"player_time": {"playhead": 3.0, "ts": EPOCH + 1000}, "qoe": {"bitrate": 7}}
PLAY: Final = {"type": MediaEventType.PLAY, "player_time": PING["player_time"]}
COMMANDS: Final[dict[str, Any]] = {
    "keepalive": (service.keepalive_session, {}),
    "move": (service.keepalive_session, {"path": ["b"], "visible": False, "sequence": 1}),
    "ping": (service.keepalive_session, {"media": PING}),
    "hide": (service.hide_session, {"path": ["c"]}),
    "stop": (service.stop_session, {"sequence": 2}),
    "track": (service.track_media, {"events": [PLAY]}),
    "terminate": (service.terminate_session, {"reason": "x"}),
}


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiClient]:
    """A server that all examples use."""
    async with open_api(tmp_path_factory.mktemp("columns") / "test.db") as opened:
        yield opened


async def call(api: ApiClient, name: str, id_: str, shown: frozenset[str] | None) -> MutationResult:
    command, values = COMMANDS[name]
    async with open_context(api.app.state.services, LOCAL_ADMIN) as context:
        result: MutationResult = await command(context, {"id": id_, **values}, shown)
    return result


def read_row(tx: Connection, id_: str) -> Session:
    return Session(*tx.execute(select(session).where(session.c.id == id_)).one())


KINDS: Final = st.sampled_from(sorted(MINIMAL_INPUTS))
STEPS: Final = st.tuples(
    st.sampled_from(sorted(COMMANDS)),
    st.sampled_from([0, 1, 4000]),
    st.just(ALL_COLUMNS) | st.frozensets(st.sampled_from(sorted(ALL_COLUMNS)), max_size=4),
)


@settings(max_examples=25, deadline=None)
@given(KINDS, st.lists(STEPS, min_size=1, max_size=4))
async def test_result_has_the_columns_that_its_caller_is_shown(
    server: ApiClient, kind: str, steps: list[tuple[str, int, frozenset[str]]]
) -> None:
    variant = MINIMAL_INPUTS[kind] | ({"startTime": "2030-01-01T00:00:00Z"} if kind == "agenda" else {})
    id_ = (await server.start_session(kind, variant, path=["a"]))["id"]
    for name, seconds, shown in steps:
        await server.advance(seconds)
        result = await call(server, name, id_, shown)
        stored = await server.app.state.services.database.read(read_row, id_)
        for column in shown:
            assert getattr(result.session, column) == getattr(stored, column), column


async def test_column_that_is_not_shown_is_not_loaded(api: ApiClient) -> None:
    result = await call(api, "keepalive", (await api.start_user())["id"], frozenset({"subject"}))
    assert result.session is not None
    assert result.session.subject == "ann"
    with pytest.raises(AttributeError):
        _ = result.session.meta


async def statements_of(api: ApiClient, name: str, id_: str, shown: frozenset[str] = frozenset()) -> list[str]:
    database: Database = api.app.state.services.database
    with capture_statements(database, readers=False, writer=True) as sent:
        await call(api, name, id_, shown)
    return [str(statement) for statement in sent]


def columns_of(statement: str) -> set[str]:
    listed = re.search(r"SELECT (.*?) \s*FROM|SET (.*?) WHERE", " ".join(statement.split()))
    assert listed is not None, statement
    return {part.strip().partition("=")[0].removeprefix("session.") for part in (listed[1] or listed[2]).split(",")}


@pytest.mark.parametrize(
    ("mutation", "path"),
    [
        ("keepaliveSession(input: {id: $id})", "session"),
        ("hideSession(input: {id: $id})", "session"),
        ("keepaliveSessions(input: {sessions: [{id: $id}]})", "results { session"),
    ],
)
async def test_selection_of_a_mutation_says_which_columns_are_loaded(api: ApiClient, mutation: str, path: str) -> None:
    id_ = (await api.start_user())["id"]
    for selected, columns in (
        ("{ __typename id revision state expiresAt }", set()),
        ("{ id metadata ... on UserSession { username } }", {"meta", "subject"}),
    ):
        closing = " }" * path.count("{")
        document = f"mutation($id: ID!) {{ {mutation} {{ {path} {selected}{closing} problems {{ code }} }} }}"
        with capture_statements(api.app.state.services.database, readers=False, writer=True) as sent:
            payload = await api.execute(document, id=id_)
        assert payload["problems"] == []
        assert columns_of(sent[0]) == LIFE_COLUMNS | columns


async def start_hidden(api: ApiClient) -> str:
    """Start a session that is not visible, so that no time is credited to a path."""
    id_: str = (await api.start_user(visible=False))["id"]
    await api.advance(1)
    return id_


async def test_keepalive_reads_and_writes_only_the_columns_of_a_life(api: ApiClient) -> None:
    id_ = await start_hidden(api)
    read, update = await statements_of(api, "keepalive", id_)
    assert (columns_of(read), columns_of(update)) == (set(LIFE_COLUMNS), set(HEARTBEAT_COLUMNS))
    read, _ = await statements_of(api, "keepalive", id_, frozenset({"meta"}))
    assert columns_of(read) == {*LIFE_COLUMNS, "meta"}


@pytest.mark.parametrize(
    ("name", "tables"),
    [
        # The session; its time on its path; both of them again.
        ("keepalive", ["session", "path_time", "path_time", "session"]),
        ("move", ["session", "path_time", "path_time", "session", "activity"]),
        # And all its times, which are final now.
        ("stop", ["session", "path_time", "path_time", "path_time", "path_time", "session", "activity"]),
    ],
)
async def test_command_takes_few_statements(api: ApiClient, name: str, tables: list[str]) -> None:
    id_ = (await api.start_user(path=["a"]))["id"]
    await api.advance(1)
    sent = await statements_of(api, name, id_)
    assert [re.findall(r"(?:FROM|INTO|UPDATE) (\w+)", statement)[0] for statement in sent] == tables


async def test_due_transition_reads_only_the_columns_of_a_life(api: ApiClient) -> None:
    await api.start_user()
    await api.advance(4000)
    with capture_statements(api.app.state.services.database, readers=False, writer=True) as sent:
        await api.sweep()
    (read,) = [statement for statement in sent if "due_at <=" in statement and statement.startswith("SELECT")]
    assert columns_of(read) == set(LIFE_COLUMNS)
