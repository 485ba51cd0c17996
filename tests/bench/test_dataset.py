"""The generated dataset: a database as the API could have written it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, select
from typer.testing import CliRunner

from bench.dataset.__main__ import app
from bench.dataset.bulk_insert import bulk_insert
from bench.dataset.generate import ACTIVE_SHARE, generate_sessions
from models import session_rules
from models.enums import Kind, State
from models.migrations import is_current
from models.tables import activity, path_time, session
from models.tables.rows import Session
from tests.api_client import FakeClock, open_api
from tests.factories import NOW

SIZE = 600


def made(folder: Path, seed: int = 1) -> Path:
    file = folder / f"{seed}.db"
    assert list(bulk_insert(file, generate_sessions(seed, SIZE, NOW), NOW)) == [SIZE]
    return file


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("million"))


@pytest.fixture
def engine(file: Path) -> Iterator[Engine]:
    engine = create_engine(f"sqlite:///{file}")
    yield engine
    engine.dispose()


def stored(engine: Engine) -> list[Session]:
    with engine.connect() as tx:
        return [Session(*row) for row in tx.execute(select(session).order_by(session.c.started_at, session.c.id))]


def test_dataset_has_all_kinds_and_a_few_active_sessions(engine: Engine) -> None:
    sessions = stored(engine)
    assert {s.kind for s in sessions} == set(Kind)
    states = [session_rules.state(s, NOW) for s in sessions]
    assert states.count(State.ENDED) == SIZE - round(SIZE * ACTIVE_SHARE)
    with engine.connect() as tx:
        assert is_current(tx)


def test_sessions_have_path_times_and_a_timeline(engine: Engine) -> None:
    with engine.connect() as tx:
        times = tx.execute(select(path_time.c.session_id, path_time.c.visible_ms)).all()
        entries = tx.execute(select(activity.c.session_id, activity.c.type).order_by(activity.c.position)).all()
    for s in stored(engine):
        assert sum(ms for id_, ms in times if id_ == s.id) <= s.visible_ms
        assert sum(id_ == s.id for id_, _ in times) == s.path_count
        types = [type_ for id_, type_ in entries if id_ == s.id]
        assert types == [
            "SCHEDULED" if s.end_reason == "CANCELLED" else "STARTED",
            *([s.end_reason] * bool(s.end_reason)),
        ]


def test_same_seed_gives_the_same_sessions(tmp_path: Path, engine: Engine) -> None:
    again, other = (create_engine(f"sqlite:///{made(tmp_path, seed)}") for seed in (1, 2))
    assert stored(again) == stored(engine) != stored(other)
    again.dispose()
    other.dispose()


async def test_server_serves_the_dataset(tmp_path: Path) -> None:
    async with open_api(made(tmp_path), FakeClock(NOW)) as api:
        counted: dict[str, Any] = await api.execute("{ sessionStats { total active } }")
    assert counted["total"] == SIZE
    assert 0 < counted["active"] <= round(SIZE * ACTIVE_SHARE)


def test_command_creates_a_file_and_keeps_an_existing_one(tmp_path: Path) -> None:
    file = tmp_path / "new.db"
    result = CliRunner().invoke(app, [str(file), "--sessions", "10", "--until", str(NOW)])
    assert result.exit_code == 0
    assert "10 sessions in" in result.output
    before = file.read_bytes()
    result = CliRunner().invoke(app, [str(file)])
    assert (result.exit_code, "already" in result.output) == (2, True)
    assert file.read_bytes() == before
