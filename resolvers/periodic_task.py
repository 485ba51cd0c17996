"""Background loop that survives the failures of its work."""

import asyncio
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog

from models.errors import DatabaseDamaged, StorageUnavailable

_log = structlog.get_logger("periodic_task")


@asynccontextmanager
async def periodic_task(
    name: str, work: Callable[[], Awaitable[object]], *, wait: Callable[[], Awaitable[object]]
) -> AsyncIterator[None]:
    """Run `wait` and `work` in turn while the context lasts. Failures are logged; the next round tries again.

    While the storage is unavailable only the first round is logged, and the one that goes on.
    """
    task = asyncio.create_task(_run(name, work, wait), name=name)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _run(name: str, work: Callable[[], Awaitable[object]], wait: Callable[[], Awaitable[object]]) -> None:
    postponed = False
    while True:
        await wait()
        try:
            await work()
        except DatabaseDamaged:
            pass  # logged by the database
        except StorageUnavailable as error:
            if not postponed:
                _log.warning(f"{name} postponed", reason=str(error), cause=error.detail)
            postponed = True
        except Exception as error:
            # Neither the message nor local variables: they may quote client data.
            frames = "".join(traceback.format_tb(error.__traceback__))
            _log.error(f"{name} failed", error=type(error).__qualname__, traceback=frames)
        else:
            if postponed:
                _log.info(f"{name} resumed")
            postponed = False
