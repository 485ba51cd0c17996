"""The programs of the graphql-ws guide."""

from pathlib import Path

import pytest

from tests.clients.live_sets import check_restart
from tests.clients.node import command

pytestmark = [pytest.mark.clients, pytest.mark.usefixtures("node_modules")]


def test_live_set_is_right_after_a_restart(tmp_path: Path) -> None:
    check_restart("graphql-ws", lambda _: [command("node"), "dashboard.mjs"], tmp_path)


def test_live_set_resumes_after_a_restart(tmp_path: Path) -> None:
    check_restart("graphql-ws", lambda _: [command("node"), "resuming.mjs"], tmp_path, resumes=True)
