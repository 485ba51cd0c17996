"""Cleanup of files of unfinished requests."""

import asyncio
import threading
from contextlib import ExitStack
from typing import Any

import pytest

from tests.transport.http.multipart_client import (
    BOUNDARY,
    FILE_MAP,
    OPERATION,
    UploadRecorder,
    count_open_files,
    encode_form,
    encode_part,
)
from transport.http.uploads.temp_file import SpooledUpload

HEADERS = [
    (b"host", b"localhost"),
    (b"content-type", b"multipart/form-data; boundary=" + BOUNDARY.encode()),
    (b"graphql-require-preflight", b"1"),
]
PARTIAL_BODY = encode_form(OPERATION, FILE_MAP, encode_part("0", b"x" * 600_000, filename="a"))[:-100]


class AsgiUpload:
    """A request on the bare ASGI interface."""

    def __init__(self, *pieces: bytes, gone: bool) -> None:
        self._waiting = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
        self._disconnects = gone
        self.waiting = asyncio.Event()
        self.sent: list[Any] = []

    async def receive(self) -> Any:
        """Return the next chunk; then a disconnect, or nothing."""
        if self._waiting:
            return self._waiting.pop(0)
        if self._disconnects:
            return {"type": "http.disconnect"}
        self.waiting.set()
        return await asyncio.get_running_loop().create_future()

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    async def run(self, recorder: UploadRecorder) -> None:
        scope = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": HEADERS}
        await recorder.app()(scope, self.receive, self.send)


async def test_disconnect_within_upload_leaves_no_file(recorder: UploadRecorder) -> None:
    before = count_open_files()
    wire = AsgiUpload(PARTIAL_BODY, gone=True)
    await wire.run(recorder)
    assert (wire.sent, recorder.calls, count_open_files()) == ([], 0, before)


async def test_cancelled_upload_leaves_no_file(recorder: UploadRecorder) -> None:
    before = count_open_files()
    wire = AsgiUpload(PARTIAL_BODY, gone=False)
    task = asyncio.create_task(wire.run(recorder))
    await wire.waiting.wait()
    assert count_open_files() == before + 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert count_open_files() == before


async def test_file_is_not_closed_while_thread_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    started, released = threading.Event(), threading.Event()
    write = SpooledUpload._flush

    def slowly(self: SpooledUpload) -> Any:
        started.set()
        assert released.wait(20)
        return write(self)

    monkeypatch.setattr(SpooledUpload, "_flush", slowly)
    with ExitStack() as keep:
        incoming = SpooledUpload("a", "text/plain", 1_000, keep)
        incoming.add(b"content")
        task = asyncio.create_task(incoming.flush())
        await asyncio.to_thread(started.wait, 20)
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0)
        assert not task.done()
        released.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not incoming.should_flush


async def test_multipart_parser_logs_nothing(recorder: UploadRecorder, caplog: pytest.LogCaptureFixture) -> None:
    wire = AsgiUpload(b"--nonsense\r\n", gone=True)
    await wire.run(recorder)
    assert wire.sent[0]["status"] == 400
    assert caplog.records == []
