"""Saves and removals of data points that share transactions, against a plain list."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.engine import Connection

from models.enums import Kind
from models.ids import ATTACHMENT, new_id
from models.kinds.field import DataPointFields
from models.tables import METADATA, attachment, blob, data_point
from resolvers.forms.data_points import StoredAttachment
from resolvers.forms.repository import load_forms, save_forms
from tests.factories import NOW, insert_rows, project_row, session_row

KEYS = ("k0", "k1", "k2")


@dataclass(frozen=True)
class Save:
    """Points by name: a text, or the key of a blob; and names to remove before that."""

    points: dict[str, str]
    removed: frozenset[str]


NAMES = st.sampled_from("abcd")
SAVES = st.builds(
    Save, st.dictionaries(NAMES, st.sampled_from(["x", "y", *KEYS]), max_size=3), st.frozensets(NAMES, max_size=3)
)
TRANSACTIONS = st.lists(st.lists(SAVES, min_size=1, max_size=4), min_size=1, max_size=3)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    engine = create_engine("sqlite://")
    with engine.begin() as tx:
        tx.exec_driver_sql("PRAGMA foreign_keys = ON")
        METADATA.create_all(tx)
        rows = [{"key": key, "sha256": key, "size": 1, "claimed_until": NOW, "loose": True} for key in KEYS]
        tx.execute(blob.insert(), [row | {"condemned": False} for row in rows])
    yield engine
    engine.dispose()


def apply_saves(tx: Connection, session_id: str, saves: list[Save]) -> None:
    form = load_forms(tx, [session_id])[session_id]
    for save in saves:
        files = {
            name: StoredAttachment(new_id(ATTACHMENT), "f", "text/plain", key)
            for name, key in save.points.items()
            if key in KEYS
        }
        points = [DataPointFields(name=name, value=None if name in files else v) for name, v in save.points.items()]
        form.remove(sorted(save.removed))
        # `size` of a point reads its file, which only an upload has.
        form.save([point if point.value else point.model_copy(update={"value": ""}) for point in points], files)
    save_forms(tx, [form])


def expected_form(saves: list[Save]) -> list[tuple[str, str]]:
    form: dict[str, str] = {}
    for save in saves:
        form = {name: value for name, value in form.items() if name not in save.removed} | save.points
    return list(form.items())


@settings(max_examples=200, deadline=None)
@given(TRANSACTIONS)
def test_transactions_of_saves_equal_saves_one_by_one(engine: Engine, transactions: list[list[Save]]) -> None:
    s = session_row(Kind.FIELD)
    with engine.connect() as tx:
        insert_rows(tx, [project_row("default"), s])
        for saves in transactions:
            apply_saves(tx, s.id, saves)
        files = {row.name: row.file_key for row in tx.execute(select(attachment.c.name, attachment.c.file_key))}
        stored = tx.execute(select(data_point.c.name, data_point.c.value).order_by(data_point.c.position))
        found = [(name, files.get(name, value)) for name, value in stored]
        maybe_unreferenced = set(tx.execute(select(blob.c.key).where(blob.c.loose)).scalars())
        tx.rollback()
    assert found == expected_form([save for saves in transactions for save in saves])
    assert set(KEYS) - set(files.values()) <= maybe_unreferenced
