"""Images of a disk after a power loss, and what they lack."""

import re
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Final

from tests.durability.invariants import assert_invariants, open_read_only
from tests.durability.power_loss.disk import Disk
from tests.durability.power_loss.system_calls import Send, SystemCall

ACKNOWLEDGED: Final = re.compile(rb'"session":\{[^{}]*?"id":"([^"]+)"[^{}]*?"revision":(\d+)')
FILES: Final = "test.db.files"


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
