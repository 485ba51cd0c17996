"""Server shared_api by all cases: each must leave it working."""

from collections.abc import AsyncIterator

import pytest

from tests.api.session_inputs import MEDIA
from tests.api_client import ApiClient, open_api
from tests.bad_inputs.case import ExistingSessions
from tests.live_server import serve_app


@pytest.fixture(scope="package")
async def shared_api(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiClient]:
    async with open_api(tmp_path_factory.mktemp("bad_inputs") / "test.db", insecure=True) as api:
        yield api


@pytest.fixture(scope="package")
async def port(shared_api: ApiClient) -> AsyncIterator[int]:
    async with serve_app(shared_api.app) as number:
        yield number


@pytest.fixture(scope="module")
async def existing(shared_api: ApiClient) -> ExistingSessions:
    expired = await shared_api.start_user(timeoutSeconds=10)
    await shared_api.advance(60)
    stopped = await shared_api.start_user()
    await shared_api.mutate("stopSession", {"id": stopped["id"]})
    media = await shared_api.start_session(
        "media", {**MEDIA, "playerTime": {"playhead": 0, "ts": "2026-05-28T20:26:40Z"}}
    )
    form = await shared_api.start_session("field", {"unitId": "u1"})
    return ExistingSessions(
        (await shared_api.start_user())["id"], stopped["id"], expired["id"], media["id"], form["id"]
    )
