"""The machine: its description, its limits, and what a process uses of it."""

import os
import platform
import resource
import shutil
import sqlite3
import subprocess
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Final

LIBRARIES: Final = (
    *("strawberry-graphql", "graphql-core", "sqlalchemy", "sqlmodel", "aiosqlite"),
    *("starlette", "uvicorn", "uvloop", "httptools", "orjson"),
)

PROGRAMS: Final = ("node", "postgres")
"""Those that other servers run on."""


class ResourceLimitError(Exception):
    """This machine cannot run a scenario; the message says why, and what to do."""


def describe_system() -> str:
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    programs = "".join(f", {found}" for name in PROGRAMS if (found := _program_version(name)))
    return (
        f"{os.cpu_count()} cores, {_cpu_model()}, {platform.system()} {platform.machine()}\n"
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}{programs}\n{versions}"
    )


def _program_version(name: str) -> str:
    """Return what a program prints as its version; nothing if it is not installed."""
    if shutil.which(name) is None:
        return ""
    output = subprocess.run([name, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    return output if name in output else f"{name} {output}"


def describe_load_average() -> str:
    load = os.getloadavg()[0]
    return f"Load average before the run: {load:.1f}" + (": too busy for reliable results." if load > 0.5 else ".")


def raise_fd_limit(number: int) -> None:
    """Allow this process and its children `number` open files. Raises ResourceLimitError."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= number:
        return
    try:  # root may raise the hard limit too
        raised = hard if hard == resource.RLIM_INFINITY else max(hard, number)
        resource.setrlimit(resource.RLIMIT_NOFILE, (number, raised))
    except (OSError, ValueError):
        message = f"{number} open files are needed, {hard} are allowed: raise the limit (ulimit -Hn {number})"
        raise ResourceLimitError(message) from None


def cpu_seconds(pid: int) -> float:
    """Return the user and system time of a process and its descendants. Raises ResourceLimitError."""
    ticks = _cpu_ticks(pid)
    for descendant in _descendants(pid):
        with suppress(ResourceLimitError):  # exited since: its parent has its time
            ticks += _cpu_ticks(descendant)
    return ticks / os.sysconf("SC_CLK_TCK")


def resident_bytes(pid: int) -> int:
    """Return the resident memory of a process. Raises ResourceLimitError."""
    return int(_read_proc(pid, "statm").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _descendants(pid: int) -> list[int]:
    """Return the processes that a process started, and those that they did: PostgreSQL has one for each connection."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(ResourceLimitError):
            children.setdefault(int(_stat_fields(int(folder.name))[1]), []).append(int(folder.name))
    found = children.get(pid, [])
    for each in found:
        found += children.get(each, [])
    return found


def _cpu_ticks(pid: int) -> int:
    """Return the user and system time of a process, and that of its children that have exited."""
    return sum(map(int, _stat_fields(pid)[11:15]))


def _stat_fields(pid: int) -> list[str]:
    """Return the fields of `/proc/PID/stat` after the name, from the state on."""
    return _read_proc(pid, "stat").rpartition(")")[2].split()


def _read_proc(pid: int, name: str) -> str:
    try:
        return Path("/proc", str(pid), name).read_text()
    except OSError:
        raise ResourceLimitError("process metrics are read from /proc, which only Linux has") from None


def _cpu_model() -> str:
    file = Path("/proc/cpuinfo")
    lines = file.read_text().splitlines() if file.exists() else []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor() or "unknown processor")
