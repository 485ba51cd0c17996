"""`main.py token`: creating, listing and revoking tokens from the command line."""

import asyncio
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest
from typer.testing import CliRunner

from main import cli
from models.database.lock import file_lock
from resolvers.command_line.console import print_table
from resolvers.tokens import secrets
from tests.access.tokens import VIEWER, ask
from tests.api_client import open_api
from tests.project.test_command_line import invoke

COLUMNS: Final = (
    *("id", "name", "scopes", "state", "projects", "kinds", "origins"),
    *("created", "expires", "last_used", "revoked"),
)


def create(file: Path, *arguments: str, name: str = "admin", scope: str = "ADMIN") -> str:
    code, secret = invoke("token", "create", "--name", name, "--scope", scope, *arguments, "--database", str(file))
    assert code == 0, secret
    return secret.removesuffix("\n")


def listed(file: Path) -> list[dict[str, str]]:
    code, output = invoke("token", "list", "--database", str(file))
    assert code == 0, output
    header, *lines = output.splitlines()
    assert tuple(header.replace("last used", "last_used").split("\t")) == COLUMNS
    return [dict(zip(COLUMNS, line.split("\t"), strict=True)) for line in lines]


def test_secret_stands_alone_on_standard_output(tmp_path: Path) -> None:
    options = ["--name", "a b", "--scope", "read", "--scope", "Write", "--database", str(tmp_path / "test.db")]
    result = CliRunner().invoke(cli, ["token", "create", *options])
    assert (result.exit_code, result.stderr) == (0, "")
    assert secrets.is_well_formed(result.stdout.removesuffix("\n"))


async def test_server_accepts_what_the_command_created_and_audits_it(tmp_path: Path) -> None:
    file = tmp_path / "test.db"
    secret = await asyncio.to_thread(create, file)  # a command has an event loop of its own
    async with open_api(file) as api:
        assert (await ask(api, VIEWER)).status_code == 401
        response = await ask(api, VIEWER, f"Bearer {secret}")
        assert response.json()["data"]["viewer"] == {"name": "admin", "scopes": ["ADMIN"], "projects": None}
        log = await ask(api, "{ auditLog { nodes { action actorId actorName } } }", f"Bearer {secret}")
        assert log.json()["data"]["auditLog"]["nodes"] == [
            {"action": "TOKEN_CREATED", "actorId": None, "actorName": "command line"}
        ]


def test_list_shows_restrictions_and_state_but_no_secret(tmp_path: Path) -> None:
    file = tmp_path / "test.db"
    options = ["--project", "default", "--kind", "user", "--origin", "https://a.example", "--days", "30"]
    secret = create(file, *options, name="kiosk", scope="WRITE")
    create(file)
    kiosk, admin = listed(file)
    assert {kiosk[name] for name in ("name", "scopes", "projects", "kinds", "origins", "state")} == {
        *("kiosk", "WRITE", "default", "USER", "https://a.example", "valid")
    }
    assert (admin["projects"], admin["kinds"], admin["expires"], admin["last_used"]) == ("all", "all", "-", "-")
    assert kiosk["expires"].endswith("Z")
    assert secret[4:12] not in repr(kiosk)
    for _ in range(2):
        code, output = invoke("token", "revoke", kiosk["id"], "--database", str(file))
        assert (code, output) == (0, f"{kiosk['id']} is revoked\n")
    assert [token["state"] for token in listed(file)] == ["revoked", "valid"]


def test_list_works_while_a_server_uses_the_database(tmp_path: Path) -> None:
    file = tmp_path / "test.db"
    create(file)
    with file_lock(file):
        assert [token["name"] for token in listed(file)] == ["admin"]


@pytest.mark.parametrize(
    ("arguments", "mutation"),
    [(["create", "--name", "a", "--scope", "READ"], "createToken"), (["revoke", "t_x"], "revokeToken")],
)
def test_changes_while_a_server_runs_name_its_mutation(tmp_path: Path, arguments: list[str], mutation: str) -> None:
    file = tmp_path / "test.db"
    create(file)
    with file_lock(file):
        code, output = invoke("token", *arguments, "--database", str(file))
    assert (code, output.count("\n")) == (2, 1)
    assert output.endswith(f"; or use the mutation {mutation} of the server\n")


def test_every_wrong_option_has_a_line(tmp_path: Path) -> None:
    options = ["--project", "shop", "--origin", "page", "--scope", "READ", "--scope", "READ"]
    code, output = invoke("token", "create", "--name", " a", *options, "--database", str(tmp_path / "test.db"))
    names = [line.partition(":")[0] for line in output.splitlines()]
    assert (code, names) == (2, ["--name", "--scope", "--project", "--origin"])


@pytest.mark.parametrize("days", ["0", "nan", "36501", "1e3"])
def test_days_are_a_whole_number(tmp_path: Path, days: str) -> None:
    options = ["--name", "a", "--scope", "READ", "--days", days]
    code, output = invoke("token", "create", *options, "--database", str(tmp_path / "test.db"))
    assert (code, "--days" in output) == (2, True)


@pytest.mark.parametrize("arguments", [["list"], ["revoke", "t_x"]])
def test_missing_database_is_not_created(tmp_path: Path, arguments: list[str]) -> None:
    file = tmp_path / "test.db"
    code, output = invoke("token", *arguments, "--database", str(file))
    assert (code, output) == (2, f"{file} does not exist, or is not a file\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [["create", "--name", "a", "--scope", "READ"], ["list"], ["revoke", "t_x"]])
def test_unusable_database_is_refused_in_one_line(tmp_path: Path, arguments: list[str]) -> None:
    newer, text = tmp_path / "newer.db", tmp_path / "text.db"
    create(newer)
    with closing(sqlite3.connect(newer)) as db, db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
    text.write_text("This is no database, though it is a file." * 50)
    for file in (newer, text):
        code, output = invoke("token", *arguments, "--database", str(file))
        assert (code, output.count("\n"), str(file) in output or "later version" in output) == (2, 1, True), output


def test_table_in_a_terminal_leaves_out_columns_that_say_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")
    print_table(["id", "name", "kinds", "expires"], [["1", "[bold]a[/bold]", "all", "-"], ["22", "b", "all", "soon"]])
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines == ["id  name            expires", "1   [bold]a[/bold]  -", "22  b               soon"]
