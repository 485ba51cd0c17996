"""Bodies with files: in pieces, too long, or of another form than the multipart request specification wants."""

from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any

import pytest

from tests.transport.fake_app import codes, limited
from tests.transport.http.multipart_client import (
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
    open_files,
    part,
    reading,
    sending,
)


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

    monkeypatch.setattr("transport.http.uploads.temp_file.TemporaryFile", full)
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
