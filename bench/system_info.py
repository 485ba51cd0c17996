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


def describe_machine() -> str:
    """Cores, processor, system, Python and libraries, on a few lines."""
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return (
        f"{os.cpu_count()} cores, {_processor()}, {platform.system()} {platform.machine()}\n"
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {versions}"
    )


def describe_load() -> str:
    """What else the machine does: figures of a busy one are too low."""
    busy = os.getloadavg()[0]
    return f"Load average before the run: {busy:.1f}" + (" – too busy to be believed." if busy > 0.5 else ".")


class MachineLacks(Exception):
    """This machine cannot do what a figure needs; the message says what, and what to do."""


def allow_files(number: int) -> None:
    """Let this process, and those that it starts, open so many files and sockets. Raises MachineLacks."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    if soft == unlimited or soft >= number:
        return
    try:  # the superuser may go beyond what is allowed to all
        resource.setrlimit(resource.RLIMIT_NOFILE, (number, hard if hard == unlimited else max(hard, number)))
    except (OSError, ValueError):
        message = f"{number} open files are needed, and {hard} are allowed: raise the limit (ulimit -Hn {number})"
        raise MachineLacks(message) from None


def processor_seconds(pid: int) -> float:
    """What a process and all its threads have taken, in user and system mode. Raises MachineLacks."""
    fields = _of_process(pid, "stat").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_bytes(pid: int) -> int:
    """Memory that a process holds. Raises MachineLacks."""
    return int(_of_process(pid, "statm").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _of_process(pid: int, what: str) -> str:
    try:
        return Path("/proc", str(pid), what).read_text()
    except OSError:
        raise MachineLacks("what a process takes is read in /proc, and there is none: on Linux there is") from None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor() or "unknown processor")
