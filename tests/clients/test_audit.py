"""The public GraphQL-over-HTTP audit of npm's graphql-http."""

import json

import pytest

from tests.clients.node import node
from tests.live_server import Server

pytestmark = [pytest.mark.clients, pytest.mark.usefixtures("node_modules")]


def test_audit_passes_every_check(server: Server) -> None:
    checks = json.loads(node("audit.mjs", server.graphql))
    broken = [f"{check['id']} {check['name']}: {check['reason']}" for check in checks if check["status"] != "ok"]
    assert not broken, "\n".join(broken)
    assert len(checks) == 61
