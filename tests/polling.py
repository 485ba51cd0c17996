"""How tests wait for what must come."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

TIMEOUT_SECONDS: Final = 60.0
"""Seconds after which a test gives up: more than anything takes, however busy the machine is. No test waits so long."""


async def wait_until(condition: Callable[[], Any]) -> None:
    """Let others run until something has happened."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0)
