"""graphql-eslint on the printed schema."""

import pytest

from tests.clients.node import ROOT, command, run

pytestmark = [pytest.mark.clients, pytest.mark.usefixtures("node_modules")]


def test_schema_passes_the_recommended_and_the_relay_rules() -> None:
    eslint = (command("node"), "node_modules/eslint/bin/eslint.js", "--no-eslintrc", "--no-ignore")
    run(*eslint, "--config", "schema.eslintrc.cjs", ROOT / "schema" / "schema.graphql")
