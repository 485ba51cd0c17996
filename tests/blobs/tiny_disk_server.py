"""A server whose disk fills up: `python -m tests.blobs.tiny_disk_server <disk> <where>`; `<disk>` is small.

`<where>` says what is on it: the files, the database, what is arriving, or `all`. The rest is where the system keeps
temporary files. Whatever is refused is refused as SERVICE_UNAVAILABLE; what was acknowledged stays readable meanwhile;
and when there is room again, the same server goes on, with nothing left of what it refused.
"""

import asyncio
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tests.api_client import open_api
from tests.blobs.form_client import FilePart, FormClient, error_code, payload, sha256, start_body, values_by_name

BALLAST_BYTES: Final = 512 * 1024
"""Bytes that are given back in the end."""
FILE_SIZES: Final = (100_000, 20_000, 1_000)
"""Of the files that are sent until no more are taken: the last ones fit where the first ones do not."""
FILE_SIZES_BY_TARGET: Final = {"all": FILE_SIZES, "files": FILE_SIZES, "database": FILE_SIZES, "arriving": (1_800_000,)}
"""What may be on the disk, and the files that fill it. What is arriving is there only as long as it arrives."""


class DiskFiller:
    """Sends forms until the server takes no more."""

    def __init__(self, device: FormClient) -> None:
        self.device = device
        self.acknowledged: dict[str, str] = {}
        """SHA-256 of the file of each form that was acknowledged."""
        self.refused = 0

    async def send(self, size: int) -> bool:
        """Send a form with a file and a text of that size; whether it was taken."""
        content, note = os.urandom(size), os.urandom(min(size, 30_000)).hex()
        answer = await self.device.send(start_body({"photo": FilePart(content), "note": note}))
        if "errors" in answer:
            assert error_code(answer) == "SERVICE_UNAVAILABLE", answer
            self.refused += 1
            return False
        session = payload(answer)["session"]
        self.acknowledged[session["id"]] = sha256(content)
        return True

    async def fill(self, sizes: Sequence[int]) -> None:
        """Send until even the smallest form is refused, each size three times in a row."""
        for size in sizes:
            refused = 0
            while refused < 3:
                refused = 0 if await self.send(size) else refused + 1

    async def verify(self) -> None:
        """All that was acknowledged is there, and nothing else."""
        stats = await self.device.api.execute("{ sessionStats { total } }")
        assert stats["total"] == len(self.acknowledged)
        for session_id, content in self.acknowledged.items():
            photo: dict[str, Any] = (await self.device.form(session_id))["photo"]
            response = await self.device.fetch(photo["url"])
            assert (response.status_code, sha256(response.content)) == (200, content)


async def run_scenario(file: Path, store: Path, ballast: Path, sizes: Sequence[int]) -> None:
    """Fill the disk, look; make room, go on, collect, look again."""
    async with open_api(file, store_url=str(store)) as api:
        filler = DiskFiller(FormClient(api, store))
        assert await filler.send(1_000)
        await filler.fill(sizes)
        assert filler.refused >= 3
        await filler.verify()
        await asyncio.to_thread(ballast.unlink)
        assert await filler.send(sizes[0]), "there is room again"
        await filler.device.collect_garbage()
        await filler.verify()
        assert filler.device.stored_digests() == set(filler.acknowledged.values())
        count = len(filler.acknowledged)
        assert await filler.device.row_counts() == {"stored_file": count, "attachment": count}
        assert values_by_name(await filler.device.started({"a": "it goes on"})) == {"a": "it goes on"}


def main(disk: Path, target: str) -> None:
    """Run with what is to be on the disk there, and the rest elsewhere."""
    with tempfile.TemporaryDirectory() as spacious:
        other_disk = Path(spacious)
        locations = {location: disk if target in (location, "all") else other_disk for location in FILE_SIZES_BY_TARGET}
        tempfile.tempdir = str(locations["arriving"])
        (disk / "ballast").write_bytes(bytes(BALLAST_BYTES))
        asyncio.run(
            run_scenario(
                locations["database"] / "test.db",
                locations["files"] / "files",
                disk / "ballast",
                FILE_SIZES_BY_TARGET[target],
            )
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
