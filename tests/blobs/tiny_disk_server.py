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

from tests.api_client import open_world
from tests.blobs.form_client import Device, Sent, by_name, code_of, payload, sha256, start_body

BALLAST: Final = 512 * 1024
"""Bytes that are given back in the end."""
SIZES: Final = (100_000, 20_000, 1_000)
"""Of the files that are sent until no more are taken: the last ones fit where the first ones do not."""
PLACES: Final = {"all": SIZES, "files": SIZES, "database": SIZES, "arriving": (1_800_000,)}
"""What may be on the disk, and the files that fill it. What is arriving is there only as long as it arrives."""


class Filler:
    """Sends forms until the server takes no more."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self.kept: dict[str, str] = {}
        """SHA-256 of the file of each form that was acknowledged."""
        self.refused = 0

    async def send(self, size: int) -> bool:
        """Send a form with a file and a text of that size; whether it was taken."""
        content, note = os.urandom(size), os.urandom(min(size, 30_000)).hex()
        answer = await self.device.send(start_body({"photo": Sent(content), "note": note}))
        if "errors" in answer:
            assert code_of(answer) == "SERVICE_UNAVAILABLE", answer
            self.refused += 1
            return False
        session = payload(answer)["session"]
        self.kept[session["id"]] = sha256(content)
        return True

    async def fill(self, sizes: Sequence[int]) -> None:
        """Send until even the smallest form is refused, each size three times in a row."""
        for size in sizes:
            refused = 0
            while refused < 3:
                refused = 0 if await self.send(size) else refused + 1

    async def look(self) -> None:
        """All that was acknowledged is there, and nothing else."""
        stats = await self.device.world.ask("{ sessionStats { total } }")
        assert stats["total"] == len(self.kept)
        for session_id, content in self.kept.items():
            photo: dict[str, Any] = (await self.device.form(session_id))["photo"]
            response = await self.device.fetch(photo["url"])
            assert (response.status_code, sha256(response.content)) == (200, content)


async def live(file: Path, store: Path, ballast: Path, sizes: Sequence[int]) -> None:
    """Fill the disk, look; make room, go on, collect, look again."""
    async with open_world(file, store_url=str(store)) as world:
        filler = Filler(Device(world, store))
        assert await filler.send(1_000)
        await filler.fill(sizes)
        assert filler.refused >= 3
        await filler.look()
        await asyncio.to_thread(ballast.unlink)
        assert await filler.send(sizes[0]), "there is room again"
        await filler.device.collect()
        await filler.look()
        assert filler.device.contents() == set(filler.kept.values())
        count = len(filler.kept)
        assert await filler.device.rows() == {"stored_file": count, "attachment": count}
        assert by_name(await filler.device.started({"a": "it goes on"})) == {"a": "it goes on"}


def main(disk: Path, where: str) -> None:
    """Run with what is to be on the disk there, and the rest elsewhere."""
    with tempfile.TemporaryDirectory() as roomy:
        elsewhere = Path(roomy)
        places = {place: disk if where in (place, "all") else elsewhere for place in PLACES}
        tempfile.tempdir = str(places["arriving"])
        (disk / "ballast").write_bytes(bytes(BALLAST))
        asyncio.run(live(places["database"] / "test.db", places["files"] / "files", disk / "ballast", PLACES[where]))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
