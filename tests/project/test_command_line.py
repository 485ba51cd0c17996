"""The command line: help, output, and errors in one line."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest
from typer.testing import CliRunner

from main import Settings, cli
from models.database.lock import file_lock
from tests.live_server import running_server
from tests.project.source_tree import ROOT
from transport.request_log import reset_log

COMMANDS: Final = {
    "serve": ["--host", "--port", "--database", "--reload", "--insecure"],
    "migrate": ["--database"],
    "backup": ["--to", "--database", "--force"],
    "check": ["--database"],
    "schema": [],
    "compile": ["--operation"],
    "token": ["create", "list", "revoke"],
    "simulate": ["--url", "--rate", "--seconds", "--seed", "--token-file"],
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
    known = dict.fromkeys(name.upper() for name in Settings.model_fields)
    wide = known | {"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}
    try:
        result = CliRunner().invoke(cli, arguments, env=wide | environment)
    finally:
        # `serve` directs the log to standard error, which the runner replaced and closes.
        reset_log()
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


def test_compile_command_prints_the_functions_of_an_operation(tmp_path: Path) -> None:
    file = tmp_path / "operations.graphql"
    file.write_text("query One($id: ID!) { session(id: $id) { state } }\nquery Two { viewer { name } }")
    code, output = invoke("compile", str(file), "--operation", "One")
    assert code == 0
    assert "def UserSession_session(source, run, path):" in output
    assert "def Viewer_viewer(" in invoke("compile", str(file), "--operation", "Two")[1]
    assert invoke("compile", str(file))[0] == 2
    file.write_text("{ nothing }")
    code, output = invoke("compile", str(file))
    assert (code, output.splitlines()[0]) == (2, "Cannot query field 'nothing' on type 'Query'.")


def test_migrate_creates_a_database_and_may_be_repeated(tmp_path: Path) -> None:
    file = tmp_path / "new.db"
    for name in (str(file), f"sqlite:///{file}"):
        assert invoke("migrate", "--database", name) == (0, f"{file} is up to date\n")
        assert file.exists()


def test_new_database_is_private_to_its_user(tmp_path: Path) -> None:
    file = tmp_path / "new.db"
    with running_server(tmp_path):
        modes = {each.name: each.stat().st_mode & 0o077 for each in tmp_path.glob("test.db*") if each.suffix != ".lock"}
    assert modes["test.db"] == modes["test.db-wal"] == 0
    file.touch()
    file.chmod(0o640)
    assert invoke("migrate", "--database", str(file))[0] == 0
    assert file.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"PORT": "eighty"}, "PORT: must be a whole number, not eighty"),
        ({"PORT": "65536"}, "PORT: must be at most 65535, not 65536"),
        ({"DATABASE_URL": "postgresql://x/y"}, "DATABASE_URL: must be the path of a SQLite file"),
        ({"DATABASE_URL": "sqlite:///:memory:"}, "DATABASE_URL: must be the path of a SQLite file"),
        ({"DATABASE_URL": "sqlite:/x.db"}, "DATABASE_URL: must be the path of a SQLite file"),
        ({"DATABASE_URL": "sqlite://x.db"}, "DATABASE_URL: must be the path of a SQLite file"),
        ({"STORE_URL": "ftp://x/y"}, "STORE_URL: must be a folder, or the URL of an object store"),
        ({"STORE_URL": "s3:/x"}, "STORE_URL: must be a folder, or the URL of an object store"),
        ({"STORE_URL": "az://container/x"}, "STORE_URL: Generic MicrosoftAzure error"),
        ({"SIGNING_KEY": "short"}, "SIGNING_KEY: must have at least 32 characters, not 5"),
        ({"PUBLIC_URL": "sessions.example.org"}, "PUBLIC_URL: must be a URL such as https://"),
        ({"PUBLIC_URL": "https://x:99999"}, "PUBLIC_URL: must be a URL such as https://"),
        ({"PUBLIC_URL": "https://user:secret@x"}, "PUBLIC_URL: must be a URL such as https://"),
        ({"PUBLIC_URL": "https://x y"}, "PUBLIC_URL: must be a URL such as https://"),
        ({"SWEEP_INTERVAL": "-1"}, "SWEEP_INTERVAL: must be greater than 0, not -1"),
        ({"SWEEP_INTERVAL": "nan"}, "SWEEP_INTERVAL: must be at most 2.5, not nan"),
        ({"SWEEP_INTERVAL": "5"}, "SWEEP_INTERVAL: must be at most 2.5, not 5"),
        ({"RETENTION_DAYS": "0"}, "RETENTION_DAYS: must be greater than 0, not 0"),
        ({"RETENTION_DAYS": "inf"}, "RETENTION_DAYS: must be at most 36500, not inf"),
        ({"RETENTION_DAYS": "a week"}, "RETENTION_DAYS: must be a number, not a week"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL: must be debug, info, warning, error or critical, not loud"),
        ({"LOG_FORMAT": "xml"}, "LOG_FORMAT: must be auto, text or json, not xml"),
        ({"PRODUCTION": "perhaps"}, "PRODUCTION: must be true or false, not perhaps"),
        ({"TRUSTED_DOCUMENTS_MODE": "on"}, "TRUSTED_DOCUMENTS_MODE: must be off, log or enforce, not on"),
        ({"LIMITS__DEPTH": "deep"}, "LIMITS__DEPTH: must be a whole number, not deep"),
        ({"LIMITS__DEPTH": "0", "LIMITS__COST": "-1"}, "LIMITS: DEPTH, COST must be greater than 0"),
        ({"LIMITS__DEEP": "12", "LIMITS__COAST": "1"}, "LIMITS: there is no limit COAST, DEEP"),
        ({"LIMITS": "many"}, "LIMITS: set each limit by its own name, such as LIMITS__DEPTH"),
        ({"TRUSTED_DOCUMENTS": "nothing.json"}, "TRUSTED_DOCUMENTS: nothing.json cannot be read"),
        ({"TRUSTED_DOCUMENTS": "."}, "TRUSTED_DOCUMENTS: . cannot be read"),
        ({"HOST": "http://127.0.0.1"}, "HOST: must be a host name or IP address without scheme and port"),
        ({"HOST": "127.0.0.1:8000"}, "HOST: must be a host name or IP address without scheme and port"),
        ({"ALLOWED_HOSTS": "http://x"}, "ALLOWED_HOSTS: http://x is not allowed: give names without scheme"),
        ({"ALLOWED_HOSTS": "a.example, x:8000"}, "ALLOWED_HOSTS: x:8000 is not allowed: give names without scheme"),
        ({"ALLOWED_ORIGINS": "app.example.org"}, "ALLOWED_ORIGINS: app.example.org is not allowed: an origin is"),
    ],
)
def test_invalid_setting_stops_the_start_in_one_line(environment: dict[str, str], message: str) -> None:
    code, output = invoke("serve", **environment)
    assert code == 2
    assert output.startswith(message)
    assert output.count("\n") == 1


def test_all_invalid_settings_are_reported_at_once() -> None:
    wrong = {"PORT": "eighty", "RETENTION_DAYS": "-1", "LIMITS__DEPTH": "deep", "HOST": "http://x", "SIGNING_KEY": "x"}
    code, output = invoke("serve", **wrong)
    names = [line.partition(": ")[0] for line in output.splitlines()]
    assert code == 2
    assert sorted(names) == ["HOST", "LIMITS__DEPTH", "PORT", "RETENTION_DAYS", "SIGNING_KEY"]


def test_help_of_serve_lists_all_settings() -> None:
    _, output = invoke("serve", "--help")
    table = output[output.index("All settings") :].split()
    assert [name for name in Settings.model_fields if name.upper() not in table and name != "limits"] == []
    assert {"LIMITS__…", "127.0.0.1", "8000", "sessions.db"} <= set(table)


def test_migrate_ignores_the_address_to_serve(tmp_path: Path) -> None:
    code, _ = invoke("migrate", "--database", str(tmp_path / "new.db"), HOST="192.0.2.1")
    assert code == 0


@pytest.mark.parametrize("environment", [{"HOST": "0.0.0.0"}, {"PRODUCTION": "true"}])  # noqa: S104 - refused
def test_public_server_without_a_token_says_how_to_make_one(tmp_path: Path, environment: dict[str, str]) -> None:
    file = str(tmp_path / "test.db")
    refused = run_process("serve", "--port", "0", "--database", file, **environment)
    assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (2, "", 1), refused.stderr
    command = refused.stderr.partition("python main.py ")[2].split()
    code, secret = invoke(*command)
    assert (code, secret[:4]) == (0, "sgt_")


def test_taken_address_stops_the_start_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run_process("serve", "--port", str(port), "--database", str(tmp_path / "test.db"))
    assert result.returncode == 2
    assert result.stderr.startswith(f"cannot listen on 127.0.0.1:{port}: ")
    assert (result.stdout, result.stderr.count("\n")) == ("", 1)


def test_missing_folder_stops_the_start_in_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "nowhere"
    file = str(folder / "test.db")
    message = f"the folder {folder} does not exist; create it, or choose another database\n"
    result = run_process("serve", "--port", "0", "--database", file)
    assert (result.returncode, result.stdout, result.stderr) == (2, "", message)
    assert invoke("migrate", "--database", file) == (2, message)


def test_folder_in_place_of_the_database_is_refused(tmp_path: Path) -> None:
    code, output = invoke("migrate", "--database", str(tmp_path))
    assert (code, output) == (
        2,
        f"{tmp_path} is a folder; the database is a file, such as {tmp_path / 'sessions.db'}\n",
    )


def test_foreign_database_stops_the_start_in_one_line(tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.db"
    with closing(sqlite3.connect(foreign)) as other:
        other.execute("CREATE TABLE session (number INTEGER)")
    result = run_process("serve", "--port", "0", "--database", str(foreign))
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1), result.stderr
    message = f"{foreign} cannot be used as the database: table session already exists\n"
    assert invoke("migrate", "--database", str(foreign)) == (2, message)


def test_database_without_a_name_is_refused() -> None:
    code, output = invoke("migrate", "--database", "")
    assert (code, output) == (2, "DATABASE_URL: must be the path of a SQLite file, or sqlite:///path\n")


def test_migrate_names_the_server_it_waits_for_and_goes_on_after_it(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        command = [sys.executable, "main.py", "migrate", "--database", str(tmp_path / "test.db")]
        migrate = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert migrate.stderr is not None
        line = json.loads(migrate.stderr.readline())
    assert (line["event"], line["used_by"]) == ("waiting for the database", f"process {server.pid}")
    output, _ = migrate.communicate(timeout=60)
    assert (migrate.returncode, output) == (0, f"{tmp_path / 'test.db'} is up to date\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_server_that_waits_for_the_database_can_be_stopped(tmp_path: Path, number: signal.Signals) -> None:
    database = tmp_path / "test.db"
    command = [sys.executable, "main.py", "serve", "--port", "0", "--database", str(database)]
    with file_lock(database):
        waiting = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
        assert waiting.stderr is not None
        assert "waiting for the database" in waiting.stderr.readline()
        waiting.send_signal(number)
        _, output = waiting.communicate(timeout=60)
    assert (waiting.returncode, output) == (-number, ""), "2 is the exit code of the wait that ran out"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (
            "http://127.0.0.1:1/graphql",
            "no server answers at http://127.0.0.1:1/graphql: All connection attempts failed",
        ),
        ("[red]", "no server answers at [red]"),
    ],
)
def test_simulation_without_a_server_fails_in_one_line(url: str, message: str) -> None:
    result = run_process("simulate", "--url", url)
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert result.stderr.startswith(message)
