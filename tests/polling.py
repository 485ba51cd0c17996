"""Waiting for conditions in tests."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

TIMEOUT_SECONDS: Final = 60.0
"""Longer than anything takes on a busy machine; no passing test waits for it."""


async def wait_until(condition: Callable[[], Any]) -> None:
    """Yield to other tasks until the condition is true."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0)
