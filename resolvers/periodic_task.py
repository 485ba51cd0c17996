"""Background loop that survives the failures of its work."""

import asyncio
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog

from models.errors import StorageUnavailable

_log = structlog.get_logger("periodic_task")


@asynccontextmanager
async def periodic_task(
    name: str, work: Callable[[], Awaitable[object]], *, wait: Callable[[], Awaitable[object]]
) -> AsyncIterator[None]:
    """Run `wait` and `work` in turn while the context lasts. Failures are logged; the next round tries again."""
    task = asyncio.create_task(_run(name, work, wait), name=name)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _run(name: str, work: Callable[[], Awaitable[object]], wait: Callable[[], Awaitable[object]]) -> None:
    while True:
        await wait()
        try:
            await work()
        except StorageUnavailable as error:
            _log.warning(f"{name} postponed", reason=str(error), cause=error.detail)
        except Exception as error:
            # Neither the message nor local variables: they may quote client data.
            frames = "".join(traceback.format_tb(error.__traceback__))
            _log.error(f"{name} failed", error=type(error).__qualname__, traceback=frames)
