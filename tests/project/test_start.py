"""What a server loads to start: not what only commands, migrations or some settings need."""

import subprocess
import sys
from pathlib import Path
from typing import Final

from models.database import open_database
from tests.project.source_tree import ROOT

UNNEEDED: Final = {
    "alembic": "a database that is to be migrated",
    "bench": "benchmarks",
    "cryptography": "JSON Web Tokens",
    "demo": "simulate",
    "httpx2": "key sets at a URL",
    "jwt": "JSON Web Tokens",
    "mako": "Alembic",
    "markdown_it": "pages of the documentation",
    "models.backup": "backup",
    "obstore": "object stores",
    "pygments": "rich",
    "resolvers.check.service": "check",
    "resolvers.command_line.maintenance": "migrate, backup and check",
    "resolvers.command_line.tokens": "token",
    "rich": "tables, progress and help in a terminal",
    "transport.executor.listing": "compile",
}
"""Modules, and what needs them."""

START: Final = """
import asyncio, gc, sys
import main

def report():
    print(*sorted(set(sys.argv[2:]) & set(sys.modules)), gc.isenabled(), sep=",")

async def start():
    app = main.create_app(main.Settings(database_url=sys.argv[1]))
    async with app.router.lifespan_context(app):
        report()

report()
asyncio.run(start())
"""


async def test_server_starts_without_modules_that_it_may_never_need(tmp_path: Path) -> None:
    file = tmp_path / "test.db"
    async with open_database(file):
        pass
    command = [sys.executable, "-c", START, str(file), *UNNEEDED]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)  # noqa: ASYNC221 - nothing else runs
    assert done.stdout.splitlines() == ["True", "True"]
