"""One server to one database file, by whatever name it is called."""

from pathlib import Path

import pytest

from models.database.lock import file_lock
from models.errors import DatabaseInUse


def test_a_link_to_a_database_is_that_database(tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(tmp_path / "test.db")
    with (
        file_lock(tmp_path / "test.db"),
        pytest.raises(DatabaseInUse, match="another server uses the database"),
        file_lock(tmp_path / "link.db", timeout=0),
    ):
        pass
