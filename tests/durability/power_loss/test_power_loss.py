"""Power loss: what was acknowledged is stored, whatever the disk does with writes that were not synced."""

import os
import shutil
from pathlib import Path
from typing import Final

import pytest

from tests.durability.power_loss.images import FILES, PowerLosses
from tests.durability.power_loss.recording import record_system_calls

NORMAL_SYNC: Final = ("-m", "tests.durability.power_loss.normal_sync_server")
IMAGES: Final = int(os.environ.get("IMAGES", "10000"))
"""Of the long form."""


def is_wal(path: str) -> bool:
    return path.endswith("-wal")


def is_stored_file(path: str) -> bool:
    return f"/{FILES}/" in path and len(Path(path).name) > 2


def is_folder_of_files(path: str) -> bool:
    return FILES in path and not is_stored_file(path)


async def test_power_loss_loses_nothing_acknowledged(tmp_path: Path) -> None:
    losses = PowerLosses(await record_system_calls(tmp_path / "server", calls=200), tmp_path / "server")
    assert losses.run("synced", 60) == {"whole": 60}
    # Without one of the syncs, such images show a loss.
    assert losses.run("log", 10, is_ignored=is_wal)["whole"] < 5
    assert losses.run("file", 10, is_ignored=is_stored_file)["file lost"] > 1
    assert losses.run("folder", 10, is_ignored=is_folder_of_files)["file lost"] > 1


@pytest.mark.long
async def test_ten_thousand_power_losses_lose_nothing_acknowledged(tmp_path: Path) -> None:
    each = 500
    for number in range(0, IMAGES, each):
        folder = tmp_path / f"server-{number}"
        losses = PowerLosses(await record_system_calls(folder, calls=1_500), folder)
        assert losses.run(f"images-{number}", each) == {"whole": each}
        print(f"{number + each} images")  # noqa: T201 - progress of an hour
        shutil.rmtree(folder)
        folder.with_suffix(".trace").unlink()


@pytest.mark.long
async def test_power_loss_without_sync_of_commits_loses_changes(tmp_path: Path) -> None:
    calls = await record_system_calls(tmp_path / "server", calls=1_500, program=NORMAL_SYNC)
    found = PowerLosses(calls, tmp_path / "server").run("normal", 600)
    assert found["change lost"] > 300, found
