"""Server that kills itself after a number of steps: `python -m tests.blobs.crash_server <file> <steps>`.

Steps are what reaches the disk: commits, and fsync, rename, unlink and mkdir in the blob store.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from tests.api_client import open_api
from tests.blobs.form_client import JPEG, PNG, FilePart, FormClient

FORM_FIELDS = {"uuid": "f1", "unitId": "u1"}


class CrashAfterSteps:
    def __init__(self, steps: int) -> None:
        self._remaining = steps

    def record_step(self, *_: object) -> None:
        if self._remaining == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self._remaining -= 1

    def record_commit(self, _connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement == "COMMIT":
            self.record_step()

    def instrument(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def instrumented(*arguments: Any, **keywords: Any) -> Any:
            self.record_step()
            result = function(*arguments, **keywords)
            self.record_step()
            return result

        return instrumented


def instrument_storage(crash: CrashAfterSteps) -> None:
    event.listen(Engine, "before_cursor_execute", crash.record_commit)
    setattr(os, "fsync", crash.instrument(os.fsync))  # noqa: B010 - mypy forbids plain assignment
    for name in ("replace", "unlink", "mkdir"):
        setattr(Path, name, crash.instrument(getattr(Path, name)))


async def run_scenario(file: Path, crash: CrashAfterSteps) -> None:
    """Start, save, replace and delete forms, with a garbage collection after each."""
    async with open_api(file) as api:
        instrument_storage(crash)
        device = FormClient(api, file.with_name(f"{file.name}.files"))
        first = await device.started({"a": FilePart(PNG), "b": FilePart(JPEG), "c": "text"}, field=FORM_FIELDS)
        await device.saved(first["id"], {"a": FilePart(b"other"), "b": "text"})
        await device.collect_garbage()
        second = await device.started({"a": FilePart(JPEG), "d": FilePart(PNG)}, field=FORM_FIELDS)
        await device.collect_garbage()
        await api.delete(second["id"])
        await device.started({"a": FilePart(PNG)}, field=FORM_FIELDS)
        await device.collect_garbage()


if __name__ == "__main__":
    asyncio.run(run_scenario(Path(sys.argv[1]), CrashAfterSteps(int(sys.argv[2]))))
