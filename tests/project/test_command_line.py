"""The command line: help, output, and errors in one line."""

import os
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest
import structlog
from typer.testing import CliRunner

from main import cli
from tests.project.source_tree import ROOT

COMMANDS: Final = {
    "serve": ["--host", "--port", "--database", "--reload", "--insecure"],
    "migrate": ["--database"],
    "schema": [],
    "simulate": ["--url", "--rate", "--seconds", "--seed"],
}


def run_process(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a new process."""
    known = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, "main.py", *arguments],
        cwd=ROOT,
        env=known | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def invoke(*arguments: str, **environment: str) -> tuple[int, str]:
    """Run a command in this process, and return its exit code and output."""
    wide = {"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}
    try:
        result = CliRunner().invoke(cli, arguments, env=wide | environment)
    finally:
        # `serve` directs the log to standard error, which the runner replaced and closes.
        structlog.reset_defaults()
    return result.exit_code, result.output


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_every_command_names_its_options(command: str) -> None:
    code, output = invoke(command, "--help")
    assert code == 0
    assert [option for option in COMMANDS[command] if option not in output] == []


def test_all_commands_are_listed() -> None:
    _, output = invoke("--help")
    assert [command for command in COMMANDS if command not in output] == []


def test_schema_command_prints_the_committed_schema() -> None:
    result = run_process("schema")
    assert result.stdout == (ROOT / "schema" / "schema.graphql").read_text(encoding="utf-8")
    assert (result.returncode, result.stderr) == (0, "")


def test_migrate_creates_a_database_and_may_be_repeated(tmp_path: Path) -> None:
    file = tmp_path / "new.db"
    for name in (str(file), f"sqlite:///{file}"):
        assert invoke("migrate", "--database", name) == (0, f"{file} is up to date\n")
        assert file.exists()


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"PORT": "eighty"}, "PORT: "),
        ({"PORT": "65536"}, "PORT: "),
        ({"DATABASE_URL": "postgresql://x/y"}, "DATABASE_URL: must be the path of a SQLite file"),
        ({"DATABASE_URL": "sqlite:///:memory:"}, "DATABASE_URL: "),
        ({"STORE_URL": "ftp://x/y"}, "STORE_URL: must be a folder, or the URL of an object store"),
        ({"STORE_URL": "az://container/x"}, "STORE_URL: Generic MicrosoftAzure error"),
        ({"SIGNING_KEY": "short"}, "SIGNING_KEY: Value should have at least 32 items"),
        ({"PUBLIC_URL": "sessions.example.org"}, "PUBLIC_URL: must be a URL such as https://"),
        ({"SWEEP_INTERVAL": "-1"}, "SWEEP_INTERVAL: "),
        ({"SWEEP_INTERVAL": "nan"}, "SWEEP_INTERVAL: "),
        ({"SWEEP_INTERVAL": "5"}, "SWEEP_INTERVAL: "),
        ({"RETENTION_DAYS": "0"}, "RETENTION_DAYS: "),
        ({"RETENTION_DAYS": "inf"}, "RETENTION_DAYS: "),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL: "),
        ({"PRODUCTION": "perhaps"}, "PRODUCTION: "),
        ({"LIMITS__DEPTH": "deep"}, "LIMITS__DEPTH: "),
        ({"LIMITS__DEPTH": "0"}, "LIMITS: DEPTH must be greater than 0"),
        ({"LIMITS__DEEP": "12"}, "LIMITS: there is no limit DEEP"),
        ({"TRUSTED_DOCUMENTS": "nothing.json"}, "TRUSTED_DOCUMENTS: nothing.json cannot be read"),
        ({"LIMITS": "many"}, 'the environment: error parsing value for field "limits"'),
        ({"HOST": "0.0.0.0"}, "HOST: 0.0.0.0 is reachable from other machines"),  # noqa: S104 - refused
        ({"HOST": "example.invalid"}, "HOST: "),
    ],
)
def test_invalid_setting_stops_the_start_in_one_line(environment: dict[str, str], message: str) -> None:
    code, output = invoke("serve", **environment)
    assert code == 2
    assert output.startswith(message)
    assert output.count("\n") == 1


def test_taken_address_stops_the_start_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run_process("serve", "--port", str(port), "--database", str(tmp_path / "test.db"))
    assert result.returncode == 2
    assert result.stderr.startswith(f"cannot listen on 127.0.0.1:{port}: ")
    assert (result.stdout, result.stderr.count("\n")) == ("", 1)


def test_missing_folder_stops_the_start_in_one_line(tmp_path: Path) -> None:
    file = str(tmp_path / "nowhere" / "test.db")
    result = run_process("serve", "--port", "0", "--database", file)
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    code, output = invoke("migrate", "--database", file)
    assert (code, output.count("\n")) == (2, 1)
    assert "nowhere" in result.stderr
    assert "nowhere" in output


def test_foreign_database_stops_the_start_in_one_line(tmp_path: Path) -> None:
    text = tmp_path / "text.db"
    text.write_text("This is no database, though it is a file." * 50)
    foreign = tmp_path / "foreign.db"
    with closing(sqlite3.connect(foreign)) as other:
        other.execute("CREATE TABLE session (number INTEGER)")
    result = run_process("serve", "--port", "0", "--database", str(foreign))
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1), result.stderr
    for file in (text, foreign, tmp_path):
        code, output = invoke("migrate", "--database", str(file))
        assert (code, output.count("\n")) == (2, 1), output


def test_database_without_a_name_is_refused() -> None:
    code, output = invoke("migrate", "--database", "")
    assert (code, output) == (2, "DATABASE_URL: must be the path of a SQLite file, or sqlite:///path\n")
