"""Cleanup of files of unfinished requests."""

import asyncio
import threading
from contextlib import ExitStack
from typing import Any

import pytest

from tests.polling import wait_until
from tests.transport.http.asgi_call import AsgiCall, chunk_message
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

CONTENT_TYPE = b"multipart/form-data; boundary=" + BOUNDARY.encode()
PARTIAL_BODY = encode_form(OPERATION, FILE_MAP, encode_part("0", b"x" * 600_000, filename="a"))[:-100]


async def test_disconnect_within_upload_leaves_no_file(recorder: UploadRecorder) -> None:
    before = count_open_files()
    call = AsgiCall(recorder.app(), chunk_message(PARTIAL_BODY), {"type": "http.disconnect"}, content_type=CONTENT_TYPE)
    await call.run()
    assert (call.sent, recorder.calls, count_open_files()) == ([], 0, before)


async def test_cancelled_upload_leaves_no_file(recorder: UploadRecorder) -> None:
    before = count_open_files()
    call = AsgiCall(recorder.app(), chunk_message(PARTIAL_BODY), content_type=CONTENT_TYPE)
    task = asyncio.create_task(call.run())
    await wait_until(lambda: count_open_files() == before + 1)
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
    call = AsgiCall(recorder.app(), chunk_message(b"--nonsense\r\n"), content_type=CONTENT_TYPE)
    await call.run()
    assert call.response()[0] == 400
    assert caplog.records == []
