"""Uploads by the multipart request specification."""

import os
from hashlib import sha256
from typing import Any

import pytest

from tests.transport.fake_app import error_codes
from tests.transport.http.multipart_client import (
    READ_MANY,
    UploadClient,
    UploadRecorder,
    count_open_files,
    encode_form,
    encode_one_file,
    encode_part,
    read_operation,
)


async def test_file_replaces_null(upload_client: UploadClient) -> None:
    content = "Alpha ü 🏃".encode()
    response = await upload_client.send(encode_one_file(content, filename="a.txt"), headers={})
    assert response.status_code == 200
    assert response.json()["data"]["read"] == [
        {
            "filename": "a.txt",
            "contentType": "application/octet-stream",
            "size": len(content),
            "sha256": sha256(content).hexdigest(),
            "text": content.decode(),
        }
    ]


async def test_files_fill_lists_and_several_paths(upload_client: UploadClient) -> None:
    body = encode_form(
        read_operation(READ_MANY, files=[None, None, None]),
        {"x": ["variables.files.2", "variables.files.0"], "y": ["variables.files.1"]},
        encode_part("y", b"Bravo", filename="b"),
        encode_part("x", b"Alpha", filename="a"),
    )
    read = (await upload_client.send(body)).json()["data"]["read"]
    assert [file["text"] for file in read] == ["Alpha", "Bravo", "Alpha"]


@pytest.mark.parametrize(
    ("declared", "argument", "variables", "path"),
    [
        ("$f:Upload!", "file:$f", {"f": None}, "variables.f"),
        ("$f:Upload", "files:[$f]", {"f": None}, "variables.f"),
        ("$f:[Upload]", "files:$f", {"f": None}, "variables.f"),
        ("$f:[[Upload!]!]", "grid:$f", {"f": [[None]]}, "variables.f.0.0"),
        ("$f:[[Upload!]!]", "grid:$f", {"f": None}, "variables.f"),
        ("$f:Box", "box:$f", {"f": {"file": None}}, "variables.f.file"),
        ("$f:Box!", "box:$f", {"f": {"box": {"files": [None]}}}, "variables.f.box.files.0"),
        ("$f:[Box!]!", "boxes:$f", {"f": [{"file": None}]}, "variables.f.0.file"),
        ("$f:[Box!]!", "boxes:$f", {"f": {"file": None}}, "variables.f.file"),
    ],
)
async def test_files_fill_any_upload_of_schema(
    upload_client: UploadClient, declared: str, argument: str, variables: dict[str, Any], path: str
) -> None:
    query = f"mutation({declared}){{read({argument}){{text}}}}"
    response = await upload_client.send(
        encode_form(read_operation(query, **variables), {"0": [path]}, encode_part("0", b"here", filename="a"))
    )
    assert response.json() == {"data": {"read": [{"text": "here"}]}}


@pytest.mark.parametrize(
    ("declared", "argument", "variables", "path"),
    [
        ("$f:JSON", "json:$f", {"f": None}, "variables.f"),
        ("$f:JSON", "json:$f", {"f": {"a": None}}, "variables.f.a"),
        ("$f:String", "text:$f", {"f": None}, "variables.f"),
        ("$f:Box", "box:$f", {"f": None}, "variables.f"),
        ("$f:Box", "box:$f", {"f": {"json": [None]}}, "variables.f.json.0"),
        ("$f:Box", "box:$f", {"f": {"unknown": None}}, "variables.f.unknown"),
        ("$f:[Upload]", "files:$f", {"f": {"a": None}}, "variables.f.a"),
        ("$f:Upload", "file:$f", {"f": [None]}, "variables.f.0"),
        ("$f:Upload", "file:$f", {"g": None}, "variables.g"),
    ],
)
async def test_file_outside_upload_scalar_is_bad_input(  # noqa: PLR0917 - a row has so many parts
    upload_client: UploadClient,
    recorder: UploadRecorder,
    declared: str,
    argument: str,
    variables: dict[str, Any],
    path: str,
) -> None:
    query = f"mutation({declared}){{read({argument}){{text}}}}"
    response = await upload_client.send(
        encode_form(read_operation(query, **variables), {"0": [path]}, encode_part("0", b"here", filename="a"))
    )
    assert (response.status_code, error_codes(response)) == (400, ["BAD_USER_INPUT"])
    (error,) = response.json()["errors"]
    assert path in error["message"]
    _, _, *keys = path.split(".")
    assert error["extensions"]["inputPath"][1:] == keys
    assert recorder.calls == 0


async def test_subscription_with_file_is_refused(upload_client: UploadClient) -> None:
    query = "subscription($file:Upload){ticks(file:$file)}"
    body = encode_form(
        read_operation(query, file=None), {"0": ["variables.file"]}, encode_part("0", b"x", filename="a")
    )
    assert (await upload_client.send(body)).status_code == 400


async def test_multipart_operation_without_files_runs(upload_client: UploadClient) -> None:
    assert (await upload_client.send(encode_form({"query": "{hello}"}, {}))).json() == {"data": {"hello": None}}


async def test_empty_file_is_accepted(upload_client: UploadClient) -> None:
    read = (await upload_client.send(encode_one_file(b"", filename="empty"))).json()["data"]["read"][0]
    assert (read["size"], read["sha256"]) == (0, sha256(b"").hexdigest())


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../x", "x"),
        ("C:\\\\folder\\\\x.txt", "x.txt"),
        ("/etc/passwd", "passwd"),
        ("..", ""),
        ("", ""),
        ("a" * 300, "a" * 255),
        ('a\\"b.txt', 'a"b.txt'),
        ("a%0D%0Ab", "a%0D%0Ab"),
        ("a\tb\x7f", "ab"),
        ("naïve 🏃.txt", "naïve 🏃.txt"),
        (None, ""),
    ],
)
async def test_filename_has_no_folders(upload_client: UploadClient, sent: str | None, kept: str) -> None:
    read = (await upload_client.send(encode_one_file(b"x", filename=sent))).json()["data"]["read"][0]
    assert read["filename"] == kept


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("Image/PNG; a=b", "image/png"),
        ("nonsense", "application/octet-stream"),
        ('a/b"><script>', "application/octet-stream"),
    ],
)
async def test_content_type_of_file_is_media_type(upload_client: UploadClient, sent: str, kept: str) -> None:
    body = encode_form(
        read_operation(file=None),
        {"0": ["variables.file"]},
        encode_part("0", b"x", f"Content-Type: {sent}", filename="a"),
    )
    assert (await upload_client.send(body)).json()["data"]["read"][0]["contentType"] == kept


async def test_files_are_closed_after_operation(upload_client: UploadClient, recorder: UploadRecorder) -> None:
    before = count_open_files()
    await upload_client.send(encode_one_file(b"x" * 600_000, filename="a"))
    assert count_open_files() == before
    with pytest.raises(ValueError, match="closed file"):
        recorder.uploads[0].open()


async def test_open_file_is_readable_at_any_position(upload_client: UploadClient, recorder: UploadRecorder) -> None:
    content = bytes(range(256)) * 3_000
    recorder.keep_open = True
    await upload_client.send(encode_one_file(content, filename="a"))
    one, other = recorder.opened
    with one, other:
        assert (one.read(3), other.read(5), one.read(3)) == (content[:3], content[:5], content[3:6])
        one.seek(-4, os.SEEK_END)
        assert (one.read(), other.tell()) == (content[-4:], 5)
