"""Generated row classes."""

from dataclasses import fields

import pytest

from models import tables
from models.tables import rows
from models.tables.generate_rows import FOLDER, ROWS, generate


def test_generated_file_is_current() -> None:
    assert (FOLDER / "rows.py").read_text() == generate()


@pytest.mark.parametrize("name", ROWS)
def test_fields_of_a_row_stand_in_the_order_of_its_columns(name: str) -> None:
    row_class = getattr(rows, "".join(word.capitalize() for word in name.split("_")))
    assert [field.name for field in fields(row_class)] == [column.name for column in getattr(tables, name).columns]
