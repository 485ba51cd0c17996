"""A server that dies while it makes its first tables: `python -m tests.database.crash_process <file> <statements>`."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from sqlalchemy import Engine, event

from models.database import open_database


def main(file: Path, statements: int) -> None:
    """Open a database, and die when so many statements were executed."""
    remaining = iter(range(statements))

    @event.listens_for(Engine, "after_cursor_execute")
    def _count(*_: object) -> None:
        if next(remaining, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)

    asyncio.run(_open(file))


async def _open(file: Path) -> None:
    async with open_database(file):
        pass


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
