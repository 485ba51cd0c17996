"""No secret and no client data in the log, at level debug, whatever succeeds or fails (promise 28)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.live_server import ROOT, server_process
from tests.security.canaries import Attacker, Canaries, settings_with_canaries

pytestmark = pytest.mark.security

PROGRAM = ("-m", "tests.security.faulty_server")


def create_token(file: Path, *scopes: str) -> str:
    """Create a token of all scopes, unless some are given. Returns its secret."""
    options = [word for scope in scopes or ("READ", "WRITE", "ADMIN") for word in ("--scope", scope)]
    command = [sys.executable, "main.py", "token", "create", "--name", "a", *options, "--database", str(file)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


async def attack(folder: Path, log_format: str, **environment: str) -> tuple[set[str], str, Attacker]:
    """Attack a server. Returns the places whose canaries are in its output, the output, and the attacker."""
    file, canaries = folder / "test.db", Canaries()
    secret = create_token(file)
    canaries.places[secret] = "secret of the token"
    serving = [settings for settings, code in settings_with_canaries(canaries) if code == 0]
    settings = serving[log_format == "json"]  # one with a store that cannot be reached
    settings |= {"LOG_LEVEL": "debug", "LOG_FORMAT": log_format, "PRODUCTION": "true", "TRUSTED_PROXIES": "127.0.0.1"}
    settings |= {"LIMITS__OPERATION_SECONDS": "1", **environment}
    async with server_process(file, PROGRAM, **settings) as server:
        attacker = Attacker(server.port, secret, settings["JWT_SECRET"], canaries)
        await attacker.run()
        server.terminate()
        await server.wait()
    output = file.with_suffix(".log").read_text()
    return canaries.found_in(output), output, attacker


@pytest.mark.parametrize("log_format", ["json", "text"])
async def test_log_has_no_secret_and_no_client_data(tmp_path: Path, log_format: str) -> None:
    found, output, attacker = await attack(tmp_path, log_format)
    assert found == set()
    assert {200, 400, 401, 404, 405, 413, 415} <= set(attacker.statuses)
    faults = (
        "ValueError",
        "KeyError",
        "RuntimeError",
        "ProgrammingError",
        "SERVICE_UNAVAILABLE",
        "TIMEOUT",
        "gone",
        "library",
    )
    for expected in ("unexpected error", *faults):
        assert expected in output, "each fault was met"
    assert "Read" in output, "the name of an operation is logged"


async def test_token_in_the_log_is_found(tmp_path: Path) -> None:
    found, _, _ = await attack(tmp_path, "json", HOLE="1")
    assert {"secret of the token", "credential Bearer", "credential in connection_init"} <= found


def test_output_of_a_refused_start_has_no_secret(tmp_path: Path) -> None:
    canaries = Canaries()
    for number, (settings, code) in enumerate(settings_with_canaries(canaries)):
        if code:
            environment = os.environ | {"LOG_LEVEL": "debug", **settings}
            command = [sys.executable, "main.py", "serve", "--database", str(tmp_path / f"{number}.db"), "--port", "0"]
            done = subprocess.run(
                command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
            )
            assert (done.returncode, next(iter(settings)) in done.stderr) == (code, True), done.stderr
            assert canaries.found_in(done.stdout + done.stderr) == set(), done.stderr


def test_unexpected_failure_of_a_start_shows_no_message(tmp_path: Path) -> None:
    command = [sys.executable, *PROGRAM, "serve", "--database", str(tmp_path / "test.db"), "--port", "0"]
    environment = os.environ | {"START_FAULT": "Canary of a start"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, "the server cannot start: unexpected ValueError" in done.stderr) == (2, True), done.stderr
    assert "Canary" not in done.stdout + done.stderr
    assert "in raise_at_start" in done.stderr
