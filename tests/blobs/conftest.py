"""A server for devices."""

from pathlib import Path

import pytest

from tests.api_client import ApiClient
from tests.blobs.form_client import FormClient


@pytest.fixture
def device(api: ApiClient, tmp_path: Path) -> FormClient:
    """A device, and a server with an empty database."""
    return FormClient(api, tmp_path / "test.db.files")
