"""Who sends files, and who takes them."""

from collections.abc import AsyncIterator

import pytest

from tests.transport.http.multipart_client import UploadClient, UploadRecorder, open_upload_client


@pytest.fixture
def recorder() -> UploadRecorder:
    """What resolvers are given."""
    return UploadRecorder()


@pytest.fixture
async def upload_client(recorder: UploadRecorder) -> AsyncIterator[UploadClient]:
    """A client of a server with default settings."""
    async with open_upload_client(recorder) as opened:
        yield opened
