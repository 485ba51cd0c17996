"""Names the machine and the versions that a table was made with."""

import os
import platform
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


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor() or "unknown processor")
