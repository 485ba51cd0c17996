"""The event loop that the server has in production."""

import pytest


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """Async tests run on uvloop."""
    return "asyncio", {"use_uvloop": True}
