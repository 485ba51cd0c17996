"""Requests that a browser would send for any page."""

import pytest

from tests.transport.fake_app import FakeApp, GraphQLClient, error_codes
from tests.transport.http.multipart_client import UploadClient, UploadRecorder, encode_one_file, open_upload_client
from transport import TransportSettings

HEADERS = ["GraphQL-Require-Preflight", "Apollo-Require-Preflight", "X-Apollo-Operation-Name"]


@pytest.mark.parametrize("header", HEADERS)
async def test_a_form_with_files_needs_a_header_that_no_foreign_page_can_send_unasked(
    sender: UploadClient, receiver: UploadRecorder, header: str
) -> None:
    for value in ("", " "):
        response = await sender.send(encode_one_file(b"x"), {"graphql-require-preflight": "", header: value})
        assert (response.status_code, error_codes(response)) == (400, ["BAD_REQUEST"])
        assert "GraphQL-Require-Preflight: 1" in response.json()["errors"][0]["message"]
    assert receiver.calls == 0
    sent = {"graphql-require-preflight": ""} | {header.lower(): "yes"}
    assert (await sender.send(encode_one_file(b"x"), sent)).status_code == 200


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", None])
async def test_the_other_kinds_that_browsers_send_unasked_are_not_taken_at_all(
    ask: GraphQLClient, world: FakeApp, content_type: str | None
) -> None:
    for headers in ({}, {"graphql-require-preflight": "1"}):
        response = await ask.post({"query": "mutation{write}"}, content_type=content_type, headers=headers)
        assert response.status_code == 415
    assert world.written == []


async def test_json_needs_no_header(ask: GraphQLClient) -> None:
    assert (await ask.execute("mutation{write}")).status_code == 200


async def test_the_rule_may_be_switched_off(receiver: UploadRecorder) -> None:
    async with open_upload_client(receiver, TransportSettings(csrf_prevention=False)) as sender:
        assert (await sender.send(encode_one_file(b"x"), {"graphql-require-preflight": ""})).status_code == 200


async def test_forms_may_be_switched_off(receiver: UploadRecorder) -> None:
    async with open_upload_client(receiver, TransportSettings(uploads=False)) as sender:
        assert (await sender.send(encode_one_file(b"x"))).status_code == 415
    assert receiver.calls == 0
