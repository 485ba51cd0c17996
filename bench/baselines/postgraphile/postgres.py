"""A PostgreSQL server of the benchmark's own: durable, in a folder that is deleted afterwards, on a Unix socket."""

import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench.servers import ServerUnavailable

PORT: Final = 5432
"""Part of the name of the socket only."""
READY_TIMEOUT: Final = 20.0
CLUSTER: Final = "cluster"
UNPRIVILEGED: Final = "nobody"
"""PostgreSQL refuses to run as root."""


def require_postgres() -> None:
    """Raises ServerUnavailable unless the programs of a PostgreSQL server are on the PATH."""
    missing = [name for name in ("initdb", "postgres", "psql") if shutil.which(name) is None]
    if missing:
        raise ServerUnavailable(f"no PostgreSQL server: {', '.join(missing)} not found on the PATH")


@contextmanager
def running_postgres(folder: Path) -> Iterator[str]:
    """Run a server with a new cluster, and yield its connection string."""
    user = UNPRIVILEGED if os.geteuid() == 0 else None
    home = folder / "postgres"
    home.mkdir(mode=0o700)
    if user is not None:
        os.chown(home, pwd.getpwnam(user).pw_uid, -1)
        folder.chmod(0o711)
    cluster = str(home / CLUSTER)
    subprocess.run(
        ["initdb", "-D", cluster, "--auth", "trust", "-U", "bench", "-E", "UTF8", "--no-sync"],
        check=True, user=user, cwd=home,
    )  # fmt: skip
    # Durable by default: fsync and synchronous_commit are on. shared_buffers holds the whole database.
    options = {"listen_addresses": "", "unix_socket_directories": str(home), "port": PORT, "shared_buffers": "256MB"}
    arguments = [f"--{name}={value}" for name, value in options.items()]
    process = subprocess.Popen(["postgres", "-D", cluster, *arguments], user=user, cwd=home)
    try:
        _wait_until_ready(home)
        yield f"postgres://bench@/postgres?host={home}&port={PORT}"
    finally:
        process.send_signal(signal.SIGINT)  # fast shutdown, whether its clients have left or not
        process.wait()


def _wait_until_ready(home: Path) -> None:
    deadline = time.monotonic() + READY_TIMEOUT
    query = ["psql", "-h", str(home), "-p", str(PORT), "-U", "bench", "-d", "postgres", "-qAtc", "SELECT 1"]
    while subprocess.run(query, capture_output=True, check=False).returncode:
        if time.monotonic() > deadline:
            raise ServerUnavailable("PostgreSQL did not become ready")
        time.sleep(0.05)
