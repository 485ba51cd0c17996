"""Load on a server whose system calls are recorded until it is killed."""

import asyncio
import random
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.blobs.form_client import HEADERS, FilePart, save_body, start_body
from tests.durability.power_loss.system_calls import SystemCall, read_trace, record_to
from tests.durability.recording_writer import CallCounter, Ledger, RecordingWriter
from tests.durability.socket_connection import connect_socket
from tests.live_server import MAIN, PATIENT, connect, run_until_disconnected, server_process
from tests.polling import wait_until

WRITERS = 6
UPLOADERS = 2
FIELDS = "revision"
LAST_LINE = re.compile(rb"\+\+\+ (killed by SIGKILL|exited with \d+) \+\+\+\n$")


class Uploader:
    """Client that saves files in forms."""

    def __init__(self, progress: CallCounter, number: int) -> None:
        self._progress = progress
        self._random = random.Random(number)  # noqa: S311 - repeatable, not secret

    async def upload(self, port: int) -> None:
        async with connect(port) as connection:
            start = start_body({"a": self._file(), "b": self._file()}, FIELDS)
            answer = await connection.send(self._request(start))
            session_id = answer["startSession"]["session"]["id"]
            while True:
                body = save_body(session_id, {self._random.choice("ab"): self._file()}, FIELDS)
                answer = await connection.send(self._request(body))
                assert answer["saveFieldData"]["problems"] == []
                self._progress.increment()

    def _file(self) -> FilePart:
        return FilePart(self._random.randbytes(self._random.randint(1, 20_000)))

    def _request(self, body: bytes) -> bytes:
        headers = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
        return (
            f"POST /graphql HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body
        )


async def record_system_calls(folder: Path, calls: int, program: Sequence[str] = MAIN) -> list[SystemCall]:
    """Serve a database in `folder` until `calls` changes, and a tenth as many uploads, were acknowledged."""
    trace, ledger, uploads = folder.with_suffix(".trace"), Ledger(), CallCounter()
    folder.mkdir()  # noqa: ASYNC240 - nothing else runs
    async with server_process(folder / "test.db", program, prefix=record_to(trace), **PATIENT) as process:
        port = process.port
        writers = [RecordingWriter(ledger, number) for number in range(WRITERS)]
        tasks = [
            asyncio.create_task(run_until_disconnected(port, writer.write, (connect, connect_socket)[number % 2]))
            for number, writer in enumerate(writers)
        ]
        uploading = [asyncio.create_task(Uploader(uploads, number).upload(port)) for number in range(UPLOADERS)]
        await asyncio.gather(ledger.wait_for(calls).wait(), uploads.wait_for(calls // 10).wait())
        await process.kill()
        ends: list[Any] = await asyncio.gather(*tasks, *uploading, return_exceptions=True)
    assert all(end is None or isinstance(end, ConnectionError) for end in ends), ends
    return await recorded_calls(trace, folder)


async def recorded_calls(trace: Path, folder: Path) -> list[SystemCall]:
    """Parse the trace of a server that ends or has ended."""
    await wait_until(lambda: LAST_LINE.search(trace.read_bytes()[-200:]))
    return list(read_trace(trace, folder))
