"""A server for devices."""

from pathlib import Path

import pytest

from tests.api_client import World
from tests.blobs.form_client import Device


@pytest.fixture
def device(world: World, tmp_path: Path) -> Device:
    """A device, and a server with an empty database."""
    return Device(world, tmp_path / "test.db.files")
