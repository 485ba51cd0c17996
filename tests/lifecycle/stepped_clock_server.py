"""Server whose clock a test can step: `python -m tests.lifecycle.stepped_clock_server serve …`.

The variable `CLOCK_OFFSET` names a file of 8 bytes: the milliseconds to add to the system's clock.
"""

import mmap
import os
import struct
from pathlib import Path

import main
from models.clock import Instant, SystemClock

OFFSET = struct.Struct("<q")


class SteppedClock(SystemClock):
    def __init__(self) -> None:
        with Path(os.environ["CLOCK_OFFSET"]).open("rb") as file:
            self._memory = mmap.mmap(file.fileno(), OFFSET.size, prot=mmap.PROT_READ)

    def now(self) -> Instant:
        (offset,) = OFFSET.unpack(self._memory[:])
        return super().now() + int(offset)


if __name__ == "__main__":
    main.SystemClock = SteppedClock  # type: ignore[attr-defined]  # before the application is created
    main.cli()
