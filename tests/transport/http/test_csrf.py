"""Requests that a browser would send for any page."""

import pytest

from tests.transport.fake_app import FakeApp, GraphQLClient, error_codes
from tests.transport.http.multipart_client import UploadClient, UploadRecorder, encode_one_file, open_upload_client
from transport import TransportSettings

HEADERS = ["GraphQL-Require-Preflight", "Apollo-Require-Preflight", "X-Apollo-Operation-Name"]


@pytest.mark.parametrize("header", HEADERS)
async def test_a_form_with_files_needs_a_header_that_no_foreign_page_can_send_unasked(
    upload_client: UploadClient, recorder: UploadRecorder, header: str
) -> None:
    for value in ("", " "):
        response = await upload_client.send(encode_one_file(b"x"), {"graphql-require-preflight": "", header: value})
        assert (response.status_code, error_codes(response)) == (400, ["BAD_REQUEST"])
        assert "GraphQL-Require-Preflight: 1" in response.json()["errors"][0]["message"]
    assert recorder.calls == 0
    sent = {"graphql-require-preflight": ""} | {header.lower(): "yes"}
    assert (await upload_client.send(encode_one_file(b"x"), sent)).status_code == 200


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", None])
async def test_the_other_kinds_that_browsers_send_unasked_are_not_taken_at_all(
    client: GraphQLClient, fake_app: FakeApp, content_type: str | None
) -> None:
    for headers in ({}, {"graphql-require-preflight": "1"}):
        response = await client.post({"query": "mutation{write}"}, content_type=content_type, headers=headers)
        assert response.status_code == 415
    assert fake_app.written == []


async def test_json_needs_no_header(client: GraphQLClient) -> None:
    assert (await client.execute("mutation{write}")).status_code == 200


async def test_the_rule_may_be_switched_off(recorder: UploadRecorder) -> None:
    async with open_upload_client(recorder, TransportSettings(csrf_prevention=False)) as upload_client:
        assert (await upload_client.send(encode_one_file(b"x"), {"graphql-require-preflight": ""})).status_code == 200


async def test_forms_may_be_switched_off(recorder: UploadRecorder) -> None:
    async with open_upload_client(recorder, TransportSettings(uploads=False)) as upload_client:
        assert (await upload_client.send(encode_one_file(b"x"))).status_code == 415
    assert recorder.calls == 0
