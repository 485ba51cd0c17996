"""Node.js, npm and Chromium. A test that lacks one is skipped, and fails in CI."""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
IN_CI = bool(os.environ.get("CI"))


def skip_or_fail(what: str) -> NoReturn:
    reason = f"{what} is not installed"
    if IN_CI:
        pytest.fail(reason)
    pytest.skip(reason)


def command(*names: str) -> str:
    """Return the path of the first installed program."""
    return next(filter(None, map(shutil.which, names)), None) or skip_or_fail(names[0])


def install() -> Path:
    """Install node_modules, once per lock file."""
    lock = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    packages = HERE / "node_modules"
    installed = packages / ".installed"
    if not (installed.exists() and installed.read_text() == lock):
        run(command("npm"), "ci", "--ignore-scripts")
        installed.write_text(lock)
    return packages


def node(script: str, *args: str | Path) -> str:
    """Return the output of a script of this folder."""
    return run(command("node"), script, *args)


def node_json(script: str, *args: str | Path) -> Any:
    return json.loads(node(script, *args))


@contextmanager
def interactive_script(script: str, *args: str | Path) -> Iterator[subprocess.Popen[str]]:
    """Run a script of this folder that prints lines of JSON until its input ends. It must time out by itself."""
    command_line = [command("node"), script, *args]
    with subprocess.Popen(command_line, cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process


def project_folder(folder: Path, name: str) -> Path:
    """Fill a folder with our folder `name`, the printed schema and node_modules."""
    shutil.copytree(HERE / name, folder, dirs_exist_ok=True)
    shutil.copy(ROOT / "schema" / "schema.graphql", folder)
    (folder / "node_modules").symlink_to(HERE / "node_modules")
    return folder


def run(*args: str | Path, cwd: Path = HERE) -> str:
    """Return the output of a command that must succeed."""
    done = subprocess.run(args, cwd=cwd, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        pytest.fail(f"{' '.join(map(str, args))}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def chromium() -> str:
    names = ("chromium", "chromium-browser", "google-chrome")
    if IN_CI and not any(map(shutil.which, names)):
        run(HERE / "install-chromium.sh")
    return command(*names)
