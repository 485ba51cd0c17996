"""Out of memory for one HTTP request: it gets a masked error, and all others are served."""

from typing import Any

import orjson
import pytest
from structlog.testing import capture_logs

from tests.polling import wait_until
from tests.transport.fake_app import FakeApp, open_client
from tests.transport.http.multipart_client import UploadRecorder, encode_one_file, open_upload_client
from tests.transport.out_of_memory import assert_masked, fail_once, logged_id
from tests.transport.subscriptions.asgi_client import AsgiRequest, fake_endpoint
from tests.transport.subscriptions.fake_source import FakeLog
from transport import TransportSettings
from transport.execution import Execution
from transport.http import endpoint
from transport.http.uploads.temp_file import SpooledUpload
from transport.subscriptions.subscriber import SubscriberStream

STEPS: list[tuple[Any, str]] = [
    (endpoint, "read_body"),
    (endpoint, "from_body"),
    (Execution, "prepare_operation"),
    (Execution, "execute"),
    (orjson, "dumps"),
    (endpoint, "compress"),
]


@pytest.mark.parametrize(("owner", "name"), STEPS, ids=[name for _, name in STEPS])
async def test_request_out_of_memory_gets_masked_error(
    owner: Any, name: str, fake_app: FakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_client(fake_app, TransportSettings(gzip_bytes=1)) as client:
        fail_once(monkeypatch, owner, name)
        with capture_logs() as lines:
            refused = await client.post(b'{"query": "{hello}"}')
        assert_masked(refused.json()["errors"][0], lines)
        assert (await client.execute("{hello}")).json() == {"data": {"hello": "Hello, you"}}
    assert fake_app.contexts_opened == fake_app.contexts_closed


async def test_upload_out_of_memory_gets_masked_error(monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = UploadRecorder()
    async with open_upload_client(recorder) as client:
        fail_once(monkeypatch, SpooledUpload, "add")
        with capture_logs() as lines:
            refused = await client.send(encode_one_file(b"x", filename="a"))
        assert refused.status_code == 500
        assert_masked(refused.json()["errors"][0], lines)
        assert recorder.calls == 0
        assert "errors" not in (await client.send(encode_one_file(b"x", filename="a"))).json()


async def test_stream_out_of_memory_is_cut_off(log: FakeLog, monkeypatch: pytest.MonkeyPatch) -> None:
    request = AsgiRequest(fake_endpoint(log), "text/event-stream", "subscription{event{number}}")
    aborted: list[bool] = []
    monkeypatch.setattr(endpoint, "abort_connection", lambda _scope: aborted.append(True))
    with capture_logs() as lines:
        async with request:
            await request.response_start()
            await wait_until(lambda: log.followers)
            fail_once(monkeypatch, SubscriberStream, "__anext__")
            log.append()
            await wait_until(lambda: aborted)
    assert logged_id(lines)
    assert not log.followers
