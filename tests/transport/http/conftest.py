"""Fixtures for uploads."""

from collections.abc import AsyncIterator

import pytest

from tests.transport.http.multipart_client import UploadClient, UploadRecorder, open_upload_client


@pytest.fixture
def recorder() -> UploadRecorder:
    return UploadRecorder()


@pytest.fixture
async def upload_client(recorder: UploadRecorder) -> AsyncIterator[UploadClient]:
    async with open_upload_client(recorder) as opened:
        yield opened
