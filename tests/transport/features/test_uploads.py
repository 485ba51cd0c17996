"""Files that come with an operation, by the multipart request specification."""

import os
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.transport.features.uploading import (
    BOUNDARY,
    GOOD,
    MANY,
    ONE,
    READ,
    ZERO,
    Receiver,
    Sender,
    closed,
    form,
    one_file,
    part,
    reading,
    sending,
)
from tests.transport.world import codes, limited


def open_files() -> int:
    """How many files this process has open."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


async def test_a_file_stands_where_the_null_was(sender: Sender) -> None:
    content = "Alpha ü 🏃".encode()
    response = await sender.send(one_file(content, filename="a.txt"), headers={})
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


async def test_files_go_into_lists_and_one_may_go_to_several_places(sender: Sender) -> None:
    body = form(
        reading(MANY, files=[None, None, None]),
        {"x": ["variables.files.2", "variables.files.0"], "y": ["variables.files.1"]},
        part("y", b"Bravo", filename="b"),
        part("x", b"Alpha", filename="a"),
    )
    read = (await sender.send(body)).json()["data"]["read"]
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
async def test_files_go_wherever_the_schema_has_an_upload(
    sender: Sender, declared: str, argument: str, variables: dict[str, Any], path: str
) -> None:
    query = f"mutation({declared}){{read({argument}){{text}}}}"
    response = await sender.send(form(reading(query, **variables), {"0": [path]}, part("0", b"here", filename="a")))
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
async def test_a_file_where_the_schema_has_no_upload_is_bad_input(  # noqa: PLR0917 - a row has so many parts
    sender: Sender, receiver: Receiver, declared: str, argument: str, variables: dict[str, Any], path: str
) -> None:
    query = f"mutation({declared}){{read({argument}){{text}}}}"
    response = await sender.send(form(reading(query, **variables), {"0": [path]}, part("0", b"here", filename="a")))
    assert (response.status_code, codes(response)) == (400, ["BAD_USER_INPUT"])
    assert path in response.json()["errors"][0]["message"]
    assert receiver.calls == 0


async def test_a_subscription_takes_no_files(sender: Sender) -> None:
    query = "subscription($file:Upload){ticks(file:$file)}"
    body = form(reading(query, file=None), {"0": ["variables.file"]}, part("0", b"x", filename="a"))
    assert (await sender.send(body)).status_code == 400


async def test_an_operation_without_files_may_come_this_way(sender: Sender) -> None:
    assert (await sender.send(form({"query": "{hello}"}, {}))).json() == {"data": {"hello": None}}


async def test_an_empty_file_is_a_file(sender: Sender) -> None:
    read = (await sender.send(one_file(b"", filename="empty"))).json()["data"]["read"][0]
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
async def test_a_filename_is_what_is_left_without_folders(sender: Sender, sent: str | None, kept: str) -> None:
    read = (await sender.send(one_file(b"x", filename=sent))).json()["data"]["read"][0]
    assert read["filename"] == kept


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("Image/PNG; a=b", "image/png"),
        ("nonsense", "application/octet-stream"),
        ('a/b"><script>', "application/octet-stream"),
    ],
)
async def test_a_content_type_is_a_media_type(sender: Sender, sent: str, kept: str) -> None:
    body = form(reading(file=None), {"0": ["variables.file"]}, part("0", b"x", f"Content-Type: {sent}", filename="a"))
    assert (await sender.send(body)).json()["data"]["read"][0]["contentType"] == kept


async def test_files_are_there_as_long_as_the_operation_and_no_longer(sender: Sender, receiver: Receiver) -> None:
    before = open_files()
    await sender.send(one_file(b"x" * 600_000, filename="a"))
    assert open_files() == before
    with pytest.raises(ValueError, match="closed file"):
        receiver.uploads[0].open()


async def test_a_file_that_is_held_open_stays_readable_at_any_place(sender: Sender, receiver: Receiver) -> None:
    content = bytes(range(256)) * 3_000
    receiver.holds = True
    await sender.send(one_file(content, filename="a"))
    one, other = receiver.held
    with one, other:
        assert (one.read(3), other.read(5), one.read(3)) == (content[:3], content[:5], content[3:6])
        one.seek(-4, os.SEEK_END)
        assert (one.read(), other.tell()) == (content[-4:], 5)


@pytest.mark.parametrize("size", [1, 7, 1_000])
async def test_a_body_may_be_cut_anywhere(sender: Sender, size: int) -> None:
    content = b"\r\n--" + BOUNDARY.encode()[:-1] + b"\r\n-- \r" * 50
    body = one_file(content, filename="a.txt")

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), size):
            yield body[start : start + size]

    read = (await sender.send(pieces())).json()["data"]["read"][0]
    assert read["sha256"] == sha256(content).hexdigest()


async def test_a_file_may_be_as_long_as_the_limit_and_not_a_byte_longer(receiver: Receiver) -> None:
    async with sending(receiver, limited(upload_bytes=300_000)) as sender:
        assert (await sender.send(one_file(b"x" * 300_000))).json()["data"]["read"][0]["size"] == 300_000
        response = await sender.send(one_file(b"x" * 300_001))
    assert (response.status_code, codes(response)) == (413, ["BAD_REQUEST"])
    assert "300,000" in response.json()["errors"][0]["message"]
    assert response.headers["connection"] == "close"
    assert receiver.calls == 1


@pytest.mark.parametrize("declared", [True, False])
async def test_all_together_may_not_be_longer_than_their_limit(receiver: Receiver, declared: bool) -> None:
    files = [part(str(number), b"x" * 500, filename="a") for number in range(4)]
    body = form(reading(MANY, files=[None] * 4), {str(n): [f"variables.files.{n}"] for n in range(4)}, *files)
    sent = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal sent
        for start in range(0, len(body), 100):
            sent += 100
            yield body[start : start + 100]

    async with sending(receiver, limited(multipart_bytes=1_000)) as sender:
        response = await sender.send(body if declared else pieces())
    assert (response.status_code, codes(response)) == (413, ["BAD_REQUEST"])
    assert sent <= 1_100
    assert receiver.calls == 0


async def test_a_full_disk_is_told_and_nothing_runs(
    sender: Sender, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_options: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("transport.http.uploads.files.TemporaryFile", full)
    response = await sender.send(one_file(b"x"))
    assert (response.status_code, codes(response)) == (503, ["SERVICE_UNAVAILABLE"])
    assert response.headers["retry-after"] == "5"
    assert receiver.calls == 0


@pytest.mark.parametrize(
    ("body", "status", "why"),
    [
        (b"", 400, "before its last boundary"),
        (b"nonsense", 400, "well-formed"),
        (form(GOOD, ONE, ZERO)[:-4], 400, "before its last boundary"),
        (closed(), 400, "operations and map"),
        (closed(part("operations", b"{}")), 400, "no query"),
        (closed(part("operations", b'{"query":"{hello}"}')), 400, "operations and map"),
        (closed(part("map", b"{}"), part("operations", b"{}")), 400, "in this order"),
        (closed(ZERO), 400, "in this order"),
        (form(b'"abc"', ONE, ZERO), 400, "must be a JSON object"),
        (form(b"[]", ONE, ZERO), 400, "Batches"),
        (form([GOOD], {"0": ["0.variables.file"]}, ZERO), 400, "Batches"),
        (form(b"{", ONE, ZERO), 400, "not valid JSON"),
        (form(b"\xff", ONE, ZERO), 400, "not valid JSON"),
        (form(b"[" * 100_000, ONE, ZERO), 400, "levels deep"),
        (form({"variables": {"file": None}}, ONE, ZERO), 400, "no query"),
        (form(GOOD, b"[1]", ZERO), 400, "must be an object"),
        (form(GOOD, b"null", ZERO), 400, "must be an object"),
        (form(GOOD, b"{", ZERO), 400, "not valid JSON"),
        (form(GOOD, {"0": "variables.file"}, ZERO), 400, "must be an object"),
        (form(GOOD, {"0": [1]}, ZERO), 400, "must be an object"),
        (form(GOOD, {"0": []}, ZERO), 400, "must be an object"),
        (form(GOOD, {"0": ["variables.file"], "1": ["variables.file"]}, ZERO), 400, "not there: 1"),
        (form(GOOD, ONE), 400, "not there: 0"),
        (form(GOOD, {"0": ["variables.file"] * 2}, ZERO), 400, "no null"),
        (form(GOOD, {"0": ["variables.file"] * 60_000}, ZERO), 413, "part map"),
        (form(GOOD, {"0": [f"variables.files.{n}" for n in range(11)]}, ZERO), 400, "11 paths"),
        (form(GOOD, {str(n): ["variables.file"] for n in range(11)}, ZERO), 400, "11 files"),
        *(
            (form(GOOD, {"0": [path]}, ZERO), 400, "no null")
            for path in (
                "variables",
                "",
                ".",
                "file",
                "variables.",
                "variables.other",
                "variables.file.x",
                "variables.file.0",
                "__class__.x",
                "variables.__class__",
                "query",
                "extensions.x",
            )
        ),
        *(
            (form(reading(MANY, files=[None, "x"]), {"0": [f"variables.files.{key}"]}, ZERO), 400, "no null")
            for key in ("2", "-1", "1", "x", "00000000", "٠", "0.0")
        ),
        (form(GOOD, ONE, ZERO, ZERO), 400, "same name"),
        (form(GOOD, ONE, ZERO, part("1", b"x")), 400, "does not name"),
        (form(GOOD, ONE, part("1", b"x" * 1_000_000)), 400, "does not name"),
        (form(GOOD, ONE, *[part(str(n), b"x") for n in range(10_000)]), 400, "does not name"),
        (closed(part("operations", b" " * 2_200_000)), 413, "part operations"),
        (closed(part("operations", b"{}", *[f"X-{n}: y" for n in range(1_000)])), 400, "well-formed"),
        (closed(part("operations", b"{}", "X: " + "y" * 100_000)), 400, "well-formed"),
        (closed(part("operations", b"{}", 'Content-Disposition: form-data; name="map"')), 400, "twice"),
        (closed(part("operations", b"{}", "Content-Transfer-Encoding: base64")), 400, "encoded"),
        (b"\r\n" * 500_000 + form(GOOD, ONE, ZERO), 400, "begin with its boundary"),
        (b"x" * 1_000_000 + form(GOOD, ONE, ZERO), 400, "well-formed"),
        (form(GOOD, ONE, ZERO).replace(b"form-data", b"attachment"), 400, "Content-Disposition"),
        (form(GOOD, ONE, ZERO).replace(b' name="operations"', b""), 400, "Content-Disposition"),
        (form(GOOD, ONE, ZERO).replace(b"Content-Disposition", b"Content Disposition"), 400, "well-formed"),
        (form(GOOD, ONE, ZERO).replace(b"Content-Disposition", b"X"), 400, "Content-Disposition"),
    ],
)
async def test_a_body_of_another_form_is_refused(
    sender: Sender, receiver: Receiver, body: bytes, status: int, why: str
) -> None:
    before = open_files()

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 65_536):
            yield body[start : start + 65_536]

    response = await sender.send(pieces())
    assert (response.status_code, codes(response)) == (status, ["BAD_REQUEST"])
    assert why in response.json()["errors"][0]["message"]
    assert receiver.calls == 0
    assert open_files() == before


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=" + "x" * 71,
        "multipart/form-data; x=boundary",
    ],
)
async def test_a_boundary_is_needed(sender: Sender, content_type: str) -> None:
    response = await sender.send(one_file(b"x"), {"content-type": content_type})
    assert (response.status_code, codes(response)) == (400, ["BAD_REQUEST"])


@pytest.mark.parametrize("content_type", ["multipart/mixed; boundary=x", "multipart/form-data, text/plain"])
async def test_other_kinds_of_parts_are_415(sender: Sender, content_type: str) -> None:
    assert (await sender.send(one_file(b"x"), {"content-type": content_type})).status_code == 415


async def test_a_compressed_body_is_415(sender: Sender) -> None:
    assert (await sender.send(one_file(b"x"), {"content-encoding": "gzip"})).status_code == 415


async def test_the_query_may_be_named_here_too(sender: Sender) -> None:
    hash_ = sha256(READ.encode()).hexdigest()
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": hash_}}
    for operations in ({**GOOD, "extensions": extensions}, {"variables": {"file": None}, "extensions": extensions}):
        assert (await sender.send(form(operations, ONE, ZERO))).json()["data"]["read"][0]["text"] == "x"
