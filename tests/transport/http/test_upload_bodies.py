"""Multipart bodies: chunked, too long or malformed."""

from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any

import pytest

from tests.transport.fake_app import error_codes, with_limits
from tests.transport.http.multipart_client import (
    BOUNDARY,
    FILE_MAP,
    FILE_PART,
    OPERATION,
    READ_MANY,
    READ_ONE,
    UploadClient,
    UploadRecorder,
    count_open_files,
    encode_body,
    encode_form,
    encode_one_file,
    encode_part,
    open_upload_client,
    read_operation,
)


@pytest.mark.parametrize("size", [1, 7, 1_000])
async def test_body_may_be_split_anywhere(upload_client: UploadClient, size: int) -> None:
    content = b"\r\n--" + BOUNDARY.encode()[:-1] + b"\r\n-- \r" * 50
    body = encode_one_file(content, filename="a.txt")

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), size):
            yield body[start : start + size]

    read = (await upload_client.send(pieces())).json()["data"]["read"][0]
    assert read["sha256"] == sha256(content).hexdigest()


async def test_file_over_length_limit_is_413(recorder: UploadRecorder) -> None:
    async with open_upload_client(recorder, with_limits(upload_bytes=300_000)) as upload_client:
        assert (await upload_client.send(encode_one_file(b"x" * 300_000))).json()["data"]["read"][0]["size"] == 300_000
        response = await upload_client.send(encode_one_file(b"x" * 300_001))
    assert (response.status_code, error_codes(response)) == (413, ["BAD_REQUEST"])
    assert "300,000" in response.json()["errors"][0]["message"]
    assert response.headers["connection"] == "close"
    assert recorder.calls == 1


@pytest.mark.parametrize("declared", [True, False])
async def test_multipart_body_over_limit_is_413(recorder: UploadRecorder, declared: bool) -> None:
    files = [encode_part(str(number), b"x" * 500, filename="a") for number in range(4)]
    body = encode_form(
        read_operation(READ_MANY, files=[None] * 4), {str(n): [f"variables.files.{n}"] for n in range(4)}, *files
    )
    sent = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal sent
        for start in range(0, len(body), 100):
            sent += 100
            yield body[start : start + 100]

    async with open_upload_client(recorder, with_limits(multipart_bytes=1_000)) as upload_client:
        response = await upload_client.send(body if declared else pieces())
    assert (response.status_code, error_codes(response)) == (413, ["BAD_REQUEST"])
    assert sent <= 1_100
    assert recorder.calls == 0


async def test_full_disk_is_503_and_runs_nothing(
    upload_client: UploadClient, recorder: UploadRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_options: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("transport.http.uploads.temp_file.TemporaryFile", full)
    response = await upload_client.send(encode_one_file(b"x"))
    assert (response.status_code, error_codes(response)) == (503, ["SERVICE_UNAVAILABLE"])
    assert response.headers["retry-after"] == "5"
    assert recorder.calls == 0


ROOTS = ["variables", "", ".", "file", "variables.", "query", "extensions.x", "variables.__class__"]
PATHS_TO_NO_NULL = [*ROOTS, "variables.other", "variables.file.x", "variables.file.0"]
TWO_FILES = read_operation(READ_MANY, files=[None, "x"])


# Also see tests/bad_inputs/multipart_cases.py.
@pytest.mark.parametrize(
    ("body", "status", "why"),
    [
        (b"nonsense", 400, "well-formed"),
        (encode_form(OPERATION, FILE_MAP, FILE_PART)[:-4], 400, "before its last boundary"),
        (encode_body(), 400, "operations and map"),
        (encode_body(encode_part("operations", b"{}")), 400, "no query"),
        (encode_body(encode_part("operations", b'{"query":"{hello}"}')), 400, "operations and map"),
        (encode_body(encode_part("map", b"{}"), encode_part("operations", b"{}")), 400, "in this order"),
        (encode_body(FILE_PART), 400, "in this order"),
        (encode_form(b'"abc"', FILE_MAP, FILE_PART), 400, "must be a JSON object"),
        (encode_form([OPERATION], {"0": ["0.variables.file"]}, FILE_PART), 400, "Batches"),
        (encode_form(b"{", FILE_MAP, FILE_PART), 400, "not valid JSON"),
        (encode_form(b"\xff", FILE_MAP, FILE_PART), 400, "not valid JSON"),
        (encode_form(b"[" * 100_000, FILE_MAP, FILE_PART), 400, "levels deep"),
        (encode_form({"variables": {"file": None}}, FILE_MAP, FILE_PART), 400, "no query"),
        (encode_form(OPERATION, b"null", FILE_PART), 400, "must be an object"),
        (encode_form(OPERATION, b"{", FILE_PART), 400, "not valid JSON"),
        (encode_form(OPERATION, {"0": [1]}, FILE_PART), 400, "must be an object"),
        (encode_form(OPERATION, {"0": []}, FILE_PART), 400, "must be an object"),
        (encode_form(OPERATION, FILE_MAP | {"1": ["variables.file"]}, FILE_PART), 400, "does not have: 1"),
        (encode_form(OPERATION, {"0": ["variables.file"] * 2}, FILE_PART), 400, "without a null"),
        (encode_form(OPERATION, {"0": ["variables.file"] * 60_000}, FILE_PART), 413, "part map"),
        (encode_form(OPERATION, {"0": [f"variables.files.{n}" for n in range(11)]}, FILE_PART), 400, "11 paths"),
        (encode_form(OPERATION, {str(n): ["variables.file"] for n in range(11)}, FILE_PART), 400, "11 files"),
        *((encode_form(OPERATION, {"0": [path]}, FILE_PART), 400, "without a null") for path in PATHS_TO_NO_NULL),
        *(
            (encode_form(TWO_FILES, {"0": [f"variables.files.{key}"]}, FILE_PART), 400, "without a null")
            for key in ("2", "-1", "1", "x", "00000000", "٠", "0.0")
        ),
        (encode_form(OPERATION, FILE_MAP, FILE_PART, FILE_PART), 400, "same name"),
        (encode_form(OPERATION, FILE_MAP, FILE_PART, encode_part("1", b"x")), 400, "does not name"),
        (encode_form(OPERATION, FILE_MAP, encode_part("1", b"x" * 1_000_000)), 400, "does not name"),
        (encode_body(encode_part("operations", b" " * 2_200_000)), 413, "part operations"),
        (encode_body(encode_part("operations", b"{}", 'Content-Disposition: form-data; name="map"')), 400, "twice"),
        (encode_body(encode_part("operations", b"{}", "Content-Transfer-Encoding: base64")), 400, "encoded"),
        (b"\r\n" * 500_000 + encode_form(OPERATION, FILE_MAP, FILE_PART), 400, "begin with its boundary"),
        (b"x" * 1_000_000 + encode_form(OPERATION, FILE_MAP, FILE_PART), 400, "well-formed"),
        (encode_form(OPERATION, FILE_MAP, FILE_PART).replace(b"form-data", b"attachment"), 400, "Content-Disposition"),
        (encode_form(OPERATION, FILE_MAP, FILE_PART).replace(b' name="operations"', b""), 400, "Content-Disposition"),
        (
            encode_form(OPERATION, FILE_MAP, FILE_PART).replace(b"Content-Disposition", b"Content Disposition"),
            400,
            "well-formed",
        ),
        (encode_form(OPERATION, FILE_MAP, FILE_PART).replace(b"Content-Disposition", b"X"), 400, "Content-Disposition"),
    ],
)
async def test_malformed_multipart_body_is_refused(
    upload_client: UploadClient, recorder: UploadRecorder, body: bytes, status: int, why: str
) -> None:
    before = count_open_files()

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 65_536):
            yield body[start : start + 65_536]

    response = await upload_client.send(pieces())
    assert (response.status_code, error_codes(response)) == (status, ["BAD_REQUEST"])
    assert why in response.json()["errors"][0]["message"]
    assert recorder.calls == 0
    assert count_open_files() == before


@pytest.mark.parametrize("parameters", ["", "; boundary=", "; boundary=" + "x" * 71, "; x=boundary"])
async def test_multipart_body_requires_boundary(upload_client: UploadClient, parameters: str) -> None:
    response = await upload_client.send(encode_one_file(b"x"), {"content-type": f"multipart/form-data{parameters}"})
    assert (response.status_code, error_codes(response)) == (400, ["BAD_REQUEST"])


@pytest.mark.parametrize("content_type", ["multipart/mixed; boundary=x", "multipart/form-data, text/plain"])
async def test_other_multipart_types_are_415(upload_client: UploadClient, content_type: str) -> None:
    assert (await upload_client.send(encode_one_file(b"x"), {"content-type": content_type})).status_code == 415


async def test_multipart_request_may_name_its_document(upload_client: UploadClient) -> None:
    hash_ = sha256(READ_ONE.encode()).hexdigest()
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": hash_}}
    for operations in (
        {**OPERATION, "extensions": extensions},
        {"variables": {"file": None}, "extensions": extensions},
    ):
        assert (await upload_client.send(encode_form(operations, FILE_MAP, FILE_PART))).json()["data"]["read"][0][
            "text"
        ] == "x"
