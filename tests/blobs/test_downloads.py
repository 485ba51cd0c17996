"""GET /attachments/{id}: signed URLs, security headers, validators, ranges."""

import re
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.api.test_statement_counts import statements
from tests.api_client import ApiClient, open_api
from tests.blobs.form_client import PNG, FilePart, FormClient, sha256, stored_files, values_by_name
from transport.http import conditional

URL_TTL_SECONDS = 600
CONTENT = bytes(range(256)) * 8
DATA_FILE = FilePart(CONTENT, "data.bin")
MANY_RANGES = "bytes=" + ",".join(f"{n}-{n}" for n in range(10_000))
LONGEST_PARSED_RANGES = "bytes=" + ",".join(["0-0"] * 248)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'


async def upload(device: FormClient, sent: FilePart = DATA_FILE) -> dict[str, Any]:
    file: dict[str, Any] = values_by_name(await device.started({"a": sent}))["a"]
    return file


def query_params(file: dict[str, Any]) -> dict[str, str]:
    return {name: value for name, (value,) in parse_qs(urlsplit(file["url"]).query).items()}


async def test_downloads_have_security_headers(device: FormClient) -> None:
    file = await upload(device)
    for url, status in ((file["url"], 200), (file["url"] + "x", 404)):
        response = await device.fetch(url)
        assert response.status_code == status
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
        assert response.headers["cross-origin-resource-policy"] == "cross-origin"
        assert "set-cookie" not in response.headers
    whole = await device.fetch(file["url"], origin="http://localhost:5173")
    assert whole.headers["access-control-allow-origin"] == "http://localhost:5173"
    assert whole.headers["content-disposition"].startswith("attachment")
    assert whole.headers["cache-control"] == "private, max-age=600"
    assert whole.headers["etag"] == f'"{sha256(CONTENT)}"'
    assert whole.headers["accept-ranges"] == "bytes"
    assert whole.headers["content-length"] == str(len(CONTENT))


@pytest.mark.parametrize(
    ("sent", "shown", "served"),
    [
        (FilePart(b"<!DOCTYPE html><script>alert(1)</script>", "x.html", "text/html"), "text/html", None),
        (FilePart(SVG, "x.svg", "image/svg+xml"), "image/svg+xml", None),
        (FilePart(b'<?xml version="1.0"?><x/>', "x.xml", "application/xml"), "application/xml", None),
        (FilePart(b"alert(1)", "x.js", "text/javascript"), "application/octet-stream", None),
        (FilePart(b"alert(1)", "x.js", "application/javascript"), "application/octet-stream", None),
        (FilePart(b"body{}", "x.css", "text/css"), "application/octet-stream", None),
        (FilePart(b"x", "x.mht", "multipart/related"), "application/octet-stream", None),
        (FilePart(b"x", "x.eml", "message/rfc822"), "application/octet-stream", None),
        (FilePart(b"x", "x.txt", "text/plain"), "text/plain", "text/plain"),
        (FilePart(PNG, "x.png", "image/png"), "image/png", "image/png"),
        (FilePart(b"%PDF-1.7\n", "x.pdf", "application/pdf"), "application/pdf", "application/pdf"),
    ],
)
async def test_executable_types_are_served_as_octet_stream(
    device: FormClient, sent: FilePart, shown: str, served: str | None
) -> None:
    file = await upload(device, sent)
    response = await device.fetch(file["url"])
    assert (file["contentType"], response.content) == (shown, sent.content)
    assert response.headers["content-type"] == (served or "application/octet-stream")
    assert response.headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize(
    ("filename", "disposition"),
    [
        ("plan.pdf", "attachment; filename=\"plan.pdf\"; filename*=UTF-8''plan.pdf"),
        ('a\\"b.txt', "attachment; filename=\"a_b.txt\"; filename*=UTF-8''a%22b.txt"),
        ("100% ü.txt", "attachment; filename=\"100_ _.txt\"; filename*=UTF-8''100%25%20%C3%BC.txt"),
        ("a;b='c'.txt", "attachment; filename=\"a;b='c'.txt\"; filename*=UTF-8''a%3Bb%3D%27c%27.txt"),
        ("", "attachment"),
    ],
)
async def test_content_disposition_has_filename(device: FormClient, filename: str, disposition: str) -> None:
    file = await upload(device, FilePart(b"x", filename))
    assert (await device.fetch(file["url"])).headers["content-disposition"] == disposition


async def test_conditional_requests_use_etag(device: FormClient) -> None:
    file = await upload(device)
    etag = f'"{file["sha256"]}"'
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        response = await device.fetch(file["url"], if_none_match=known)
        assert (response.status_code, response.content, response.headers["etag"]) == (304, b"", etag)
    for other in ('"other"', file["sha256"], "", '"' + "x" * 5000 + f'", {etag}'):
        assert (await device.fetch(file["url"], if_none_match=other)).status_code == 200
    assert (await device.fetch(file["url"], if_match=etag)).status_code == 200
    assert (await device.fetch(file["url"], if_match='"other"')).status_code == 412
    assert (await device.fetch(file["url"], if_range=etag, range="bytes=0-0")).status_code == 206
    for other in ('"other"', f"W/{etag}", "Wed, 21 Oct 2026 07:28:00 GMT"):
        assert (await device.fetch(file["url"], if_range=other, range="bytes=0-0")).status_code == 200


@pytest.mark.parametrize(
    ("range_", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=100-199", 100, 200),
        ("bytes=2000-", 2000, 2048),
        ("bytes=2000-9999999999", 2000, 2048),
        ("bytes=-48", 2000, 2048),
        ("bytes=-99999", 0, 2048),
        ("BYTES = 5-6", 5, 7),
    ],
)
async def test_range_returns_partial_content(device: FormClient, range_: str, start: int, stop: int) -> None:
    file = await upload(device)
    response = await device.fetch(file["url"], range=range_)
    assert (response.status_code, response.content) == (206, CONTENT[start:stop])
    assert response.headers["content-range"] == f"bytes {start}-{stop - 1}/2048"
    assert response.headers["content-length"] == str(stop - start)


async def test_range_beyond_the_end_is_not_satisfiable(device: FormClient) -> None:
    url, empty_url = (await upload(device))["url"], (await upload(device, FilePart(b"")))["url"]
    for range_ in ("bytes=2048-", "bytes=5000-6000", "bytes=-0"):
        response = await device.fetch(url, range=range_)
        assert (response.status_code, response.headers["content-range"]) == (416, "bytes */2048")
    for range_ in ("bytes=0-", "bytes=-1", "bytes=0-0"):
        assert (await device.fetch(empty_url, range=range_)).status_code == 416


async def test_several_or_invalid_ranges_return_the_whole_file(device: FormClient) -> None:
    url = (await upload(device))["url"]
    invalid = ("bytes=5-1", "bytes=-", "bytes=a-b", "bytes=0-1 x", "bytes=" + "9" * 30 + "-", "lines=0-1", "")
    for range_ in ("bytes=0-1,5-6", MANY_RANGES, *invalid):
        response = await device.fetch(url, range=range_)
        assert (response.status_code, response.content) == (200, CONTENT)
        assert "content-range" not in response.headers
    repeated = [("range", f"bytes={n}-{n}") for n in range(50)]
    response = await device.api.http.get(url, headers=repeated)
    assert (response.status_code, response.content) == (200, CONTENT)


@pytest.mark.parametrize(
    ("range_", "matches", "read"),
    [
        ("bytes=5-6", 1, (5, 7)),
        (LONGEST_PARSED_RANGES, 1, (0, 2048)),
        (LONGEST_PARSED_RANGES + ",0-0", 0, (0, 2048)),
        (MANY_RANGES, 0, (0, 2048)),
        ("bytes=" + "0" * 1_000_000 + "-1", 0, (0, 2048)),
    ],
)
async def test_cost_of_ranges_is_constant(
    device: FormClient, monkeypatch: pytest.MonkeyPatch, range_: str, matches: int, read: tuple[int, int]
) -> None:
    file = await upload(device)
    reads = mock.AsyncMock(wraps=device.blob_store.read)
    pattern = mock.Mock(wraps=conditional.RANGE_PATTERN)
    monkeypatch.setattr(device.blob_store, "read", reads)
    monkeypatch.setattr(conditional, "RANGE_PATTERN", pattern)
    await device.fetch(file["url"], range=range_)
    assert [call.args[1:] for call in reads.call_args_list] == [read]
    lengths = [len(call.args[0]) for call in pattern.fullmatch.call_args_list]
    assert len(lengths) == matches
    assert sum(lengths) <= conditional.MAX_HEADER_LENGTH


async def test_head_has_the_headers_of_get(device: FormClient) -> None:
    file = await upload(device)
    whole, head = await device.fetch(file["url"]), await device.fetch(file["url"], "HEAD", range="bytes=0-0")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers == whole.headers


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
async def test_other_methods_are_not_allowed(device: FormClient, method: str) -> None:
    file = await upload(device)
    response = await device.fetch(file["url"], method)
    assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD")


async def test_url_expires_after_ten_minutes(device: FormClient) -> None:
    file = await upload(device)
    await device.api.advance(URL_TTL_SECONDS - 0.001)
    assert (await device.fetch(file["url"])).status_code == 200
    await device.api.advance(0.001)
    assert (await device.fetch(file["url"])).status_code == 404


async def test_unknown_forged_and_expired_urls_look_the_same(device: FormClient) -> None:
    file = await upload(device)
    parts, query = urlsplit(file["url"]), query_params(file)
    until, signature = query["until"], query["signature"]
    await device.api.advance(1)
    deleted = await upload(device, FilePart(b"other"))
    session = await device.api.execute("{ sessions(first: 1) { nodes { id } } }")
    await device.api.delete(session["nodes"][0]["id"])
    paths = [
        deleted["url"],
        parts.path,
        f"{parts.path}?until={until}",
        f"{parts.path}?signature={signature}",
        f"{parts.path}?until={int(until) + 1}&signature={signature}",
        f"{parts.path}?until=0{until}&signature={signature}",
        f"{parts.path}?until={until}&signature={signature[:-1]}",
        f"{parts.path}?until={until}&signature={signature}%3D",
        f"{parts.path}?until={until}&signature=%C3%A9",
        f"{parts.path}?until=&signature=",
        f"{parts.path}?until={'9' * 5000}&signature={signature}",
        f"/attachments/{deleted['id']}?until={until}&signature={signature}",
        f"/attachments/f_{'x' * 22}?until={until}&signature={signature}",
        f"/attachments/{'x' * 5000}?until={until}&signature={signature}",
        "/attachments/%00",
    ]
    with statements(device.api) as sent:
        answers = [await device.fetch(path) for path in paths]
    assert len(sent) == 1, "only the validly signed URL of the deleted file reaches the database"
    assert {(answer.status_code, answer.content) for answer in answers} == {(404, answers[0].content)}
    assert len({tuple(sorted(answer.headers.items())) for answer in answers}) == 1
    assert (await device.fetch(f"{parts.path}?x=1&signature={signature}&until={until}")).status_code == 200


async def test_url_survives_restart(tmp_path: Path) -> None:
    async with open_api(tmp_path / "test.db") as api:
        file = await upload(FormClient(api, tmp_path / "test.db.files"))
    async with open_api(tmp_path / "test.db", api.clock) as again:
        assert (await again.http.get(file["url"])).content == CONTENT


async def test_servers_share_urls_with_a_configured_key(tmp_path: Path) -> None:
    key = "k" * 32
    async with open_api(tmp_path / "a.db", signing_key=key) as one, open_api(tmp_path / "b.db", one.clock) as other:
        file = await upload(FormClient(one, tmp_path / "a.db.files"))
        same, different = one.app.state.services.url_signer, other.app.state.services.url_signer
        query = query_params(file)
        assert same.verify(file["id"], query, one.clock.value)
        assert not different.verify(file["id"], query, one.clock.value)
    async with open_api(tmp_path / "b.db", one.clock, signing_key=key) as third:
        assert third.app.state.services.url_signer.verify(file["id"], query, one.clock.value)


@pytest.mark.parametrize(
    ("public_url", "beginning"),
    [
        ("", "/attachments/"),
        ("https://sessions.example.org", "https://sessions.example.org/attachments/"),
        ("https://example.org/sessions/", "https://example.org/sessions/attachments/"),
    ],
)
async def test_url_starts_with_public_url(tmp_path: Path, public_url: str, beginning: str) -> None:
    async with open_api(tmp_path / "test.db", public_url=public_url) as api:
        file = await upload(FormClient(api, tmp_path / "test.db.files"))
    assert re.fullmatch(re.escape(beginning) + r"f_[\w-]{22}\?until=\d{13}&signature=[\w-]{43}", file["url"])


async def test_lost_blob_is_an_internal_error(device: FormClient, capsys: pytest.CaptureFixture[str]) -> None:
    file = await upload(device)
    for path in stored_files(device.folder):
        path.unlink()
    response = await device.fetch(file["url"])
    assert (response.status_code, response.text) == (500, "Internal server error\n")
    assert "BlobNotFound" in capsys.readouterr().out


async def test_log_has_no_signed_url(api: ApiClient, device: FormClient, capsys: pytest.CaptureFixture[str]) -> None:
    file = await upload(device)
    capsys.readouterr()
    await device.fetch(file["url"])
    await api.http.get(file["url"] + "canary")
    output = capsys.readouterr().out
    assert "file" in output
    for secret in (file["id"], urlsplit(file["url"]).query[-20:], "canary", "data.bin"):
        assert secret not in output
