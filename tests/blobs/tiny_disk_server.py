"""Server whose disk fills up: `python -m tests.blobs.tiny_disk_server <disk> <target>`.

`<target>` says what is on the small disk: files, database, uploads in progress (`arriving`), or `all`. Commands that do
not fit fail with SERVICE_UNAVAILABLE, acknowledged ones stay readable; with free space the same server works again.
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
"""Deleted at the end, to free space."""
FILE_SIZES: Final = (100_000, 20_000, 1_000)
"""Sent until refused: the last ones fit where the first ones do not."""
FILE_SIZES_BY_TARGET: Final = {"all": FILE_SIZES, "files": FILE_SIZES, "database": FILE_SIZES, "arriving": (1_800_000,)}
"""Uploads in progress are on the disk only while they arrive, hence the larger file."""


class DiskFiller:
    def __init__(self, device: FormClient) -> None:
        self.device = device
        self.acknowledged: dict[str, str] = {}
        """SHA-256 of the file of each acknowledged form."""
        self.refused = 0

    async def send(self, size: int) -> bool:
        """Send a form with a file and a text of that size. Returns whether it was accepted."""
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
        """Every acknowledged form is complete, and there are no others."""
        stats = await self.device.api.execute("{ sessionStats { total } }")
        assert stats["total"] == len(self.acknowledged)
        for session_id, content in self.acknowledged.items():
            photo: dict[str, Any] = (await self.device.form(session_id))["photo"]
            response = await self.device.fetch(photo["url"])
            assert (response.status_code, sha256(response.content)) == (200, content)


async def run_scenario(file: Path, store: Path, ballast: Path, sizes: Sequence[int]) -> None:
    async with open_api(file, store_url=str(store)) as api:
        filler = DiskFiller(FormClient(api, store))
        assert await filler.send(1_000)
        await filler.fill(sizes)
        assert filler.refused >= 3
        await filler.verify()
        await asyncio.to_thread(ballast.unlink)
        assert await filler.send(sizes[0]), "space was freed"
        await filler.device.collect_garbage()
        await filler.verify()
        assert filler.device.stored_digests() == set(filler.acknowledged.values())
        count = len(filler.acknowledged)
        assert await filler.device.row_counts() == {"stored_file": count, "attachment": count}
        assert values_by_name(await filler.device.started({"a": "recovered"})) == {"a": "recovered"}


def main(disk: Path, target: str) -> None:
    with tempfile.TemporaryDirectory() as spacious:
        other_disk = Path(spacious)
        locations = {location: disk if target in (location, "all") else other_disk for location in FILE_SIZES_BY_TARGET}
        tempfile.tempdir = str(locations["arriving"])
        (disk / "ballast").write_bytes(bytes(BALLAST_BYTES))
        database, store = locations["database"] / "test.db", locations["files"] / "files"
        asyncio.run(run_scenario(database, store, disk / "ballast", FILE_SIZES_BY_TARGET[target]))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
