"""The machine: its name and the versions that a table was made with, and what it says of a process."""

import os
import platform
import resource
import sqlite3
from importlib.metadata import version
from pathlib import Path
from typing import Final

LIBRARIES: Final = (
    *("strawberry-graphql", "graphql-core", "sqlalchemy", "sqlmodel", "aiosqlite"),
    *("starlette", "uvicorn", "uvloop", "httptools", "orjson"),
)


def describe_system() -> str:
    """Cores, processor, system, Python and libraries, on a few lines."""
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return (
        f"{os.cpu_count()} cores, {_cpu_model()}, {platform.system()} {platform.machine()}\n"
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {versions}"
    )


def describe_load_average() -> str:
    """What else the machine does: figures of a busy one are too low."""
    load_average = os.getloadavg()[0]
    return f"Load average before the run: {load_average:.1f}" + (
        " – too busy to be believed." if load_average > 0.5 else "."
    )


class ResourceLimitError(Exception):
    """This machine cannot do what a figure needs; the message says what, and what to do."""


def raise_fd_limit(number: int) -> None:
    """Let this process, and those that it starts, open so many files and sockets. Raises MachineLacks."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    if soft == unlimited or soft >= number:
        return
    try:  # the superuser may go beyond what is allowed to all
        resource.setrlimit(resource.RLIMIT_NOFILE, (number, hard if hard == unlimited else max(hard, number)))
    except (OSError, ValueError):
        message = f"{number} open files are needed, and {hard} are allowed: raise the limit (ulimit -Hn {number})"
        raise ResourceLimitError(message) from None


def cpu_seconds(pid: int) -> float:
    """What a process and all its threads have taken, in user and system mode. Raises MachineLacks."""
    fields = _read_proc(pid, "stat").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_bytes(pid: int) -> int:
    """Memory that a process holds. Raises MachineLacks."""
    return int(_read_proc(pid, "statm").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _read_proc(pid: int, name: str) -> str:
    try:
        return Path("/proc", str(pid), name).read_text()
    except OSError:
        raise ResourceLimitError(
            "what a process takes is read in /proc, and there is none: on Linux there is"
        ) from None


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor() or "unknown processor")
