"""One server for the whole table: each row leaves it as able as before."""

from collections.abc import AsyncIterator

import pytest

from tests.api_client import World, open_world
from tests.bad_inputs.case import Known
from tests.in_process_server import listening
from tests.lifecycle.test_expiry import MEDIA


@pytest.fixture(scope="package")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A server with its clock."""
    async with open_world(tmp_path_factory.mktemp("bad_inputs") / "test.db") as world:
        yield world


@pytest.fixture(scope="package")
async def port(shared: World) -> AsyncIterator[int]:
    """Where the shared server listens."""
    async with listening(shared.app) as number:
        yield number


@pytest.fixture(scope="module")
async def known(shared: World) -> Known:
    """Sessions that the rows may name."""
    expired = await shared.user(timeoutSeconds=10)
    await shared.advance(60)
    stopped = await shared.user()
    await shared.mutate("stopSession", {"id": stopped["id"]})
    media = await shared.started("media", {**MEDIA, "playerTime": {"playhead": 0, "ts": "2026-05-28T20:26:40Z"}})
    form = await shared.started("field", {"unitId": "u1"})
    return Known((await shared.user())["id"], stopped["id"], expired["id"], media["id"], form["id"])
