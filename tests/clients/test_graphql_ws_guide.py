"""The programs of the graphql-ws guide."""

from pathlib import Path

import pytest

from tests.clients.live_sets import check_restart
from tests.clients.node import command

pytestmark = [pytest.mark.clients, pytest.mark.usefixtures("node_modules")]


@pytest.mark.parametrize("program", ["dashboard.mjs", "resuming.mjs"])
def test_live_set_is_right_after_a_restart(program: str, tmp_path: Path) -> None:
    check_restart("graphql-ws", lambda _: [command("node"), program], tmp_path)
