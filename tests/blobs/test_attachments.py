"""Files as data points: stored once per content, detected types, limits."""

from typing import Any, Final

import pytest

from tests.blobs.form_client import JPEG, PNG, FilePart, FormClient, problem_paths, sha256, values_by_name
from tests.transport.http.multipart_client import encode_form, encode_part

START: Final = """mutation($input: StartSessionInput!) {
    startSession(input: $input) { session { id } problems { code path } } }"""


async def send_one_part(device: FormClient, *data: dict[str, Any]) -> dict[str, Any]:
    """Start a form with one part as the file of all data points."""
    variables = {"input": {"variant": {"field": {"unitId": "u1", "data": data}}}}
    places = [f"variables.input.variant.field.data.{number}.file" for number in range(len(data))]
    operation = {"query": START, "variables": variables}
    return await device.send(encode_form(operation, {"0": places}, encode_part("0", PNG, filename="a.png")))


async def test_form_holds_text_bytes_and_files(device: FormClient) -> None:
    session = await device.started(
        {"Note": "hello", "sketch": b"\0\1", "Photo": FilePart(PNG, "site.png", "image/png")}
    )
    photo = session["data"][2]["file"]
    assert [(each["name"], each["value"], each["rawData"]) for each in session["data"]] == [
        ("note", "hello", None),
        ("sketch", None, "AAE="),
        ("photo", None, None),
    ]
    assert (photo["filename"], photo["contentType"], photo["size"]) == ("site.png", "image/png", len(PNG))
    assert photo["sha256"] == sha256(PNG)
    read = await device.form(session["id"])
    assert (read["note"], read["sketch"], read["photo"]["id"]) == ("hello", "AAE=", photo["id"])
    response = await device.fetch(photo["url"])
    assert (response.status_code, response.content) == (200, PNG)


async def test_equal_contents_share_one_blob_and_one_upload(device: FormClient) -> None:
    put, sizes = device.blob_store.put, []

    async def count_puts(key: str, content: Any, size: int) -> None:
        sizes.append(size)
        await put(key, content, size)

    device.blob_store.put = count_puts
    session = await device.started({"a": FilePart(PNG, "a.png"), "b": FilePart(PNG, "b.png")})
    await device.started({"c": FilePart(PNG, "c.png")})
    saved = values_by_name(await device.saved(session["id"], {"d": FilePart(PNG, "d.png")}))
    assert sizes == [len(PNG)]
    assert [saved[name]["filename"] for name in "abd"] == ["a.png", "b.png", "d.png"]
    assert len({file["id"] for file in saved.values()}) == 3
    assert await device.row_counts() == {"stored_file": 1, "attachment": 4}


async def test_one_part_can_be_the_value_of_several_points(device: FormClient) -> None:
    answer = await send_one_part(device, {"name": "a", "file": None}, {"name": "b", "file": None})
    assert answer["data"]["startSession"]["problems"] == []
    assert await device.row_counts() == {"stored_file": 1, "attachment": 2}


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (FilePart(PNG, "x"), "image/png"),
        (FilePart(PNG, "x.jpg", "application/octet-stream"), "image/png"),
        (FilePart(JPEG, "x", "image/jpg"), "image/jpeg"),
        (FilePart(b"", "empty.txt", "text/plain"), "text/plain"),
        (FilePart(b"a,b\n1,2\n", "x.csv", "text/csv"), "text/csv"),
        (FilePart(b"a,b\n1,2\n", "x.csv"), "application/octet-stream"),
        (FilePart(b"no markup", "x.html", "text/html"), "application/octet-stream"),
        (FilePart(b"<!DOCTYPE html><p>x", "x.txt", "text/plain"), "text/html"),
        (FilePart(b"BMW is a car maker\n", "x.txt", "text/plain"), "text/plain"),
        (FilePart(b"0123456789", "x.txt", "text/plain"), "text/plain"),
        (FilePart(b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(40), "x.m4a", "audio/x-m4a"), "audio/mp4"),
        (FilePart(b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic" + bytes(40), "x.heic", "image/heic"), "image/heic"),
        (FilePart(b"PK\3\4" + bytes(60), "x.docx", "application/x-zip-compressed"), "application/zip"),
    ],
)
async def test_content_type_follows_content(device: FormClient, sent: FilePart, shown: str) -> None:
    session = await device.started({"a": sent})
    assert values_by_name(session)["a"]["contentType"] == shown


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (FilePart(b"%PDF-1.7\n", "x.png", "image/png"), "is declared as image/png, but its content is application/pdf"),
        (FilePart(JPEG, "x.png", "image/png"), "is declared as image/png, but its content is image/jpeg"),
        (FilePart(b"plain text", "x.png", "image/png"), "is declared as image/png, but has another content"),
        (FilePart(b"", "x.png", "image/png"), "is declared as image/png, but has another content"),
        (FilePart(PNG, "x.txt", "text/plain"), "is declared as text/plain, but its content is image/png"),
        (FilePart(PNG, "x.mp4", "video/mp4"), "is declared as video/mp4, but its content is image/png"),
        (FilePart(b"no pdf", "x.pdf", "application/pdf"), "is declared as application/pdf, but has another content"),
    ],
)
async def test_mismatched_content_type_is_refused(device: FormClient, sent: FilePart, why: str) -> None:
    payload = await device.start({"ok": "1", "a": sent})
    assert payload["problems"] == [
        {"code": "BAD_USER_INPUT", "message": why, "path": ["input", "variant", "field", "data", "1", "file"]}
    ]
    assert (payload["session"], device.stored_digests()) == (None, set())


@pytest.mark.parametrize(
    ("filename", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\\\windows\\\\system.ini", "system.ini"),
        ("x" * 300, "x" * 255),
        ('say \\"hi\\".txt', 'say "hi".txt'),
        ("naïve 写真.txt", "naïve 写真.txt"),
        ("", ""),
        ("..", ""),
        ("a\tb.txt", "ab.txt"),
    ],
)
async def test_hostile_filename_is_only_displayed(device: FormClient, filename: str, shown: str) -> None:
    session = await device.started({"a": FilePart(b"x", filename)})
    file = values_by_name(session)["a"]
    assert file["filename"] == shown
    response = await device.fetch(file["url"])
    disposition = response.headers["content-disposition"]
    assert disposition.startswith("attachment")
    assert disposition.isascii()
    assert disposition.isprintable()
    assert device.stored_digests() == {sha256(b"x")}
    assert not [path for path in device.folder.parent.rglob("*") if "passwd" in path.name or "system" in path.name]


@pytest.mark.parametrize("size", [0, 25 * 1024 * 1024])
async def test_file_of_extreme_size_is_stored(device: FormClient, size: int) -> None:
    content = b"\1" * size
    file = values_by_name(await device.started({"a": FilePart(content, "a.bin")}))["a"]
    assert (file["size"], file["sha256"]) == (size, sha256(content))
    response = await device.fetch(file["url"])
    assert (response.status_code, response.content, response.headers["content-length"]) == (200, content, str(size))


@pytest.mark.parametrize("other", [{"value": "1"}, {"rawData": "AA=="}])
async def test_point_has_exactly_one_value(device: FormClient, other: dict[str, Any]) -> None:
    answer = await send_one_part(device, {"name": "a", "file": None, **other})
    assert problem_paths(answer["data"]["startSession"]) == [("BAD_USER_INPUT", "input.variant.field.data.0")]


async def test_upload_variable_rejects_json_values(device: FormClient) -> None:
    document = """mutation($file: Upload) { startSession(input: {variant: {field: {
        unitId: "u", data: [{name: "a", file: $file}]}}}) { problems { code } } }"""
    wrongs: list[Any] = ["a.txt", 1, {}, ["x"]]
    for wrong in wrongs:
        assert await device.api.error_code(document, file=wrong) == "BAD_USER_INPUT"
