"""A server that dies while it keeps files: `python -m tests.blobs.crash_server <file> <steps>`.

Steps are what reaches the disk: transactions that are committed, what is synced, named and removed in the folder.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from tests.api_client import open_world
from tests.blobs.form_client import JPEG, PNG, Device, Sent

FORM = {"uuid": "f1", "unitId": "u1"}


class Steps:
    """Counts, before and after each step, and dies when it is time."""

    def __init__(self, allowed: int) -> None:
        self._left = allowed

    def count(self, *_: object) -> None:
        """One more."""
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self._left -= 1

    def around(self, do: Callable[..., Any]) -> Callable[..., Any]:
        """The same, counted."""

        def counted(*arguments: Any, **named: Any) -> Any:
            self.count()
            result = do(*arguments, **named)
            self.count()
            return result

        return counted


def count(steps: Steps) -> None:
    """Have the steps counted from now on."""
    event.listen(Engine, "commit", steps.count)
    setattr(os, "fsync", steps.around(os.fsync))  # noqa: B010 - mypy lets nobody assign to it
    for name in ("replace", "unlink", "mkdir"):
        setattr(Path, name, steps.around(getattr(Path, name)))


async def live(file: Path, steps: Steps) -> None:
    """Forms come, change, are replaced and deleted, and their files are collected."""
    async with open_world(file) as world:
        count(steps)
        device = Device(world, file.with_name(f"{file.name}.files"))
        first = await device.started({"a": Sent(PNG), "b": Sent(JPEG), "c": "text"}, field=FORM)
        await device.saved(first["id"], {"a": Sent(b"other"), "b": "text"})
        await device.collect()
        second = await device.started({"a": Sent(JPEG), "d": Sent(PNG)}, field=FORM)
        await device.collect()
        await world.ask("mutation($id: ID!) { deleteSession(id: $id) { id } }", id=second["id"])
        await device.started({"a": Sent(PNG)}, field=FORM)
        await device.collect()


if __name__ == "__main__":
    asyncio.run(live(Path(sys.argv[1]), Steps(int(sys.argv[2]))))
