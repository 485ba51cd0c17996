"""Power loss: what was acknowledged is stored, whatever the disk does with writes that were not synced."""

import os
import re
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Final

import pytest

from tests.durability.invariants import assert_invariants, open_read_only
from tests.durability.power_loss.disk import Disk
from tests.durability.power_loss.recording import record_system_calls
from tests.durability.power_loss.system_calls import Send, SystemCall

ACKNOWLEDGED: Final = re.compile(rb'"session":\{[^{}]*?"id":"([^"]+)"[^{}]*?"revision":(\d+)')
NORMAL_SYNC: Final = ("-m", "tests.durability.power_loss.normal_sync_server")
FILES: Final = "test.db.files"
IMAGES: Final = int(os.environ.get("IMAGES", "10000"))
"""Of the long form."""


def is_wal(path: str) -> bool:
    return path.endswith("-wal")


def is_stored_file(path: str) -> bool:
    return f"/{FILES}/" in path and len(Path(path).name) > 2


def is_folder_of_files(path: str) -> bool:
    return FILES in path and not is_stored_file(path)


class PowerLosses:
    """Images of the disk at random points of a recording, and what was found in them."""

    def __init__(self, calls: Sequence[SystemCall], source: Path) -> None:
        self._calls = calls
        self._source = source

    def run(self, name: str, images: int, is_ignored: Callable[[str], bool] = lambda _path: False) -> Counter[str]:
        """Rebuild and check images. Returns the verdicts; images other than whole ones are kept.

        Args:
            name: of the run; seeds it.
            images: how many.
            is_ignored: whether a sync of this path has no effect.
        """
        random = Random(name)  # noqa: S311 - repeatable, not secret
        first = next(number for number, call in enumerate(self._calls) if isinstance(call, Send))
        points = Counter(random.randrange(first, len(self._calls)) for _ in range(images))
        disk, acknowledged, verdicts = Disk(self._source, is_ignored), dict[str, int](), Counter[str]()
        for number, call in enumerate(self._calls):
            for _ in range(points[number]):
                target = self._source.with_name(f"{name}-{verdicts.total()}")
                disk.lose_power(random, target)
                verdict = find_loss(target, acknowledged)
                verdicts[verdict] += 1
                if verdict == "whole":
                    shutil.rmtree(target)
            disk.apply(call)
            if isinstance(call, Send):
                for session_id, revision in ACKNOWLEDGED.findall(call.data):
                    acknowledged[session_id.decode()] = int(revision)
        return verdicts


def find_loss(image: Path, acknowledged: Mapping[str, int]) -> str:
    """Return "whole", or what an image lacks."""
    file = image / "test.db"
    try:
        assert_invariants(file)
        with open_read_only(file) as db:
            revisions = dict(db.execute("SELECT id, revision FROM session"))
            keys = db.execute(
                "SELECT DISTINCT key, sha256 FROM stored_file JOIN attachment ON file_key = key"
            ).fetchall()
    except (AssertionError, sqlite3.DatabaseError):
        return "corrupt"
    if any(revisions.get(session_id, 0) < revision for session_id, revision in acknowledged.items()):
        return "change lost"
    return "whole" if all(has_content(image / FILES / key, digest) for key, digest in keys) else "file lost"


def has_content(file: Path, digest: str) -> bool:
    return file.is_file() and sha256(file.read_bytes()).hexdigest() == digest


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
