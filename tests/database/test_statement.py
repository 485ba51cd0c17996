"""Statements: values, rows and errors are those of SQLAlchemy, and each is compiled once."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Boolean, Column, Integer, MetaData, Table, Text, bindparam, create_engine, event, func, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.sql.compiler import SQLCompiler

from models.database import Statement
from models.dialect import in_keys
from models.errors import UnreadableValue
from models.json import JsonText
from models.tables import session
from models.tables.rows import Session

flag = Table(
    *("flag", MetaData()),
    Column("name", Text, primary_key=True),
    Column("number", Integer),
    Column("is_set", Boolean),
    Column("data", JsonText),
)
BY_NAMES = Statement(select(flag).where(flag.c.name.in_(bindparam("names", expanding=True))).order_by(flag.c.name))
INSERT = Statement(flag.insert().values({column.name: bindparam(column.name) for column in flag.c}))
NAMES = [f"n{number:04}" for number in range(1500)]


def values(number: int) -> dict[str, Any]:
    return {"name": NAMES[number], "number": number, "is_set": number % 2 == 0, "data": {"items": [number]}}


@pytest.fixture(scope="module")
def tx() -> Iterator[Connection]:
    with create_engine("sqlite://").connect() as connection:
        flag.create(connection)
        assert INSERT.execute_many(connection, [values(number) for number in range(len(NAMES))]) == len(NAMES)
        connection.commit()
        yield connection


def test_values_are_encoded_and_decoded_as_in_sqlalchemy(tx: Connection) -> None:
    assert BY_NAMES.rows(tx, names=NAMES[:2]) == tx.execute(select(flag).limit(2)).all()
    is_set = Statement(select(flag.c.number).where(flag.c.is_set == bindparam("is_set"), flag.c.number.in_([3, 4])))
    assert (is_set.rows(tx, is_set=True), is_set.rows(tx, is_set=False)) == ([(4,)], [(3,)])
    by_data = Statement(select(flag.c.name).where(flag.c.data == bindparam("data")))
    assert by_data.scalar(tx, data={"items": [7]}) == NAMES[7]
    assert by_data.first(tx, data={}) is by_data.scalar(tx, data={}) is None


@settings(deadline=None)
@given(st.lists(st.sampled_from(range(1500)), min_size=1, max_size=40))
def test_lists_of_any_length_match_their_items_only(tx: Connection, numbers: list[int]) -> None:
    expected = [NAMES[number] for number in sorted(set(numbers))]
    assert [row[0] for row in BY_NAMES.rows(tx, names=[NAMES[number] for number in numbers])] == expected
    pairs = Statement(
        select(flag.c.name).where(in_keys([flag.c.name, flag.c.number], bindparam("keys", expanding=True)))
    )
    found = pairs.rows(tx, keys=[(NAMES[number], number) for number in numbers])
    assert sorted(name for (name,) in found) == expected


def test_lists_of_similar_length_share_a_text(tx: Connection) -> None:
    sent: list[str] = []

    def record(_connection: Connection, _cursor: Any, sql: str, *_: object) -> None:
        sent.append(sql)

    event.listen(tx, "before_cursor_execute", record)
    lengths = [*range(70), 512, 513, 1024, 1025, 1500]
    for length in lengths:
        assert len(BY_NAMES.rows(tx, names=NAMES[:length])) == length
    event.remove(tx, "before_cursor_execute", record)
    assert len(sent) == len(lengths)
    assert len(set(sent)) == 12  # none, the powers of two up to 128, 512 and 1024, and twice 1024


def test_statement_is_compiled_once(tx: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    statement = Statement(select(func.count()).where(flag.c.number < bindparam("limit")))
    assert statement.scalar(tx, limit=5) == 5
    monkeypatch.setattr(SQLCompiler, "__init__", None)
    assert [statement.scalar(tx, limit=limit) for limit in range(5)] == [0, 1, 2, 3, 4]


def test_rows_of_a_class_have_the_selected_columns_only(tx: Connection) -> None:
    session.metadata.create_all(tx, [session])
    columns = (session.c.id, session.c.path, session.c.visible)
    path = Statement(select(*columns).where(session.c.id == bindparam("session_id")), Session)
    tx.execute(session.insert().values(id="a", path=["x"], visible=True, **required_columns()))
    found = path.first(tx, session_id="a")
    assert found is not None
    assert (found.id, found.path, found.visible, type(found)) == ("a", ["x"], True, Session)
    with pytest.raises(AttributeError):
        _ = found.kind


def required_columns() -> dict[str, Any]:
    names = [
        column.name for column in session.c if not column.nullable and column.name not in ("id", "path", "visible")
    ]
    return dict.fromkeys(names, 0)


def test_changes_return_their_number_of_rows(tx: Connection) -> None:
    by_number = flag.c.number == bindparam("old")
    update = Statement(flag.update().where(by_number).values(data=bindparam("new")))
    assert update.execute(tx, old=10, new=None) == 1
    assert update.execute_many(tx, [{"old": 10, "new": ["x"]}, {"old": -1, "new": None}, {"old": 11, "new": 0}]) == 2
    assert update.execute_many(tx, []) == 0
    data = Statement(select(flag.c.data).where(flag.c.number.in_(bindparam("numbers", expanding=True))))
    assert data.rows(tx, numbers=[10, 11]) == [(["x"],), (0,)]
    tx.rollback()


def test_failures_are_those_of_sqlalchemy_without_values(tx: Connection) -> None:
    with pytest.raises(IntegrityError) as failure:
        INSERT.execute(tx, **values(1))
    assert NAMES[1] not in str(failure.value)
    missing = Table("missing", MetaData(), Column("name", Text))
    with pytest.raises(OperationalError):
        Statement(select(missing)).rows(tx)
    tx.exec_driver_sql("INSERT INTO flag (name, data) VALUES ('broken', '{')")
    with pytest.raises(UnreadableValue):
        BY_NAMES.rows(tx, names=["broken"])
    tx.exec_driver_sql("UPDATE flag SET data = CAST(x'ff' AS TEXT) WHERE name = 'broken'")
    with pytest.raises(OperationalError, match="UTF-8"):
        BY_NAMES.rows(tx, names=["broken", *NAMES[:2]])
    tx.exec_driver_sql("DELETE FROM flag WHERE name = 'broken'")
