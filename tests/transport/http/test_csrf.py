"""Protection against cross-site request forgery."""

import pytest

from tests.transport.fake_app import error_codes
from tests.transport.http.multipart_client import UploadClient, UploadRecorder, encode_one_file, open_upload_client
from transport import TransportSettings

HEADERS = ["GraphQL-Require-Preflight", "Apollo-Require-Preflight", "X-Apollo-Operation-Name"]


@pytest.mark.parametrize("header", HEADERS)
async def test_multipart_request_requires_preflight_header(
    upload_client: UploadClient, recorder: UploadRecorder, header: str
) -> None:
    for value in ("", " "):
        response = await upload_client.send(encode_one_file(b"x"), {"graphql-require-preflight": "", header: value})
        assert (response.status_code, error_codes(response)) == (400, ["BAD_REQUEST"])
        assert "GraphQL-Require-Preflight: 1" in response.json()["errors"][0]["message"]
    assert recorder.calls == 0
    sent = {"graphql-require-preflight": ""} | {header.lower(): "yes"}
    assert (await upload_client.send(encode_one_file(b"x"), sent)).status_code == 200


async def test_csrf_prevention_can_be_disabled(recorder: UploadRecorder) -> None:
    async with open_upload_client(recorder, TransportSettings(csrf_prevention=False)) as upload_client:
        assert (await upload_client.send(encode_one_file(b"x"), {"graphql-require-preflight": ""})).status_code == 200


async def test_uploads_can_be_disabled(recorder: UploadRecorder) -> None:
    async with open_upload_client(recorder, TransportSettings(uploads=False)) as upload_client:
        assert (await upload_client.send(encode_one_file(b"x"))).status_code == 415
    assert recorder.calls == 0
