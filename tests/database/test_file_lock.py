"""One server to one database file, by whatever name it is called."""

from pathlib import Path

import pytest

from models.database.lock import exclusive
from models.errors import DatabaseInUse


def test_a_link_to_a_database_is_that_database(tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(tmp_path / "test.db")
    with (
        exclusive(tmp_path / "test.db"),
        pytest.raises(DatabaseInUse, match="another server uses the database"),
        exclusive(tmp_path / "link.db", patience=0),
    ):
        pass
