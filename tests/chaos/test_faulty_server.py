"""A server that is broken does not pass."""

from pathlib import Path
from typing import Final

import pytest

from tests.chaos import convergence
from tests.chaos.faulty_server import FAULTS
from tests.chaos.server_under_test import ServerUnderTest
from tests.chaos.test_storm import short_storm

FAULTY: Final = ("-m", "tests.chaos.faulty_server")


@pytest.mark.long
@pytest.mark.parametrize("breakage", [each.__name__ for each in FAULTS])
async def test_injected_fault_is_detected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, breakage: str) -> None:
    monkeypatch.setattr(convergence, "TIMEOUT_SECONDS", 20.0)
    noticed = False
    try:
        await short_storm(ServerUnderTest(tmp_path / "test.db", BREAKAGE=breakage), FAULTY)
    except* AssertionError:
        noticed = True
    assert noticed
