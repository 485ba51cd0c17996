"""Range requests: one range is answered with 206, several with the whole file, at constant cost."""

import re
from typing import Any

import pytest

from tests.blobs.form_client import FilePart, FormClient
from tests.blobs.test_downloads import CONTENT, upload
from transport.http import conditional

MANY_RANGES = "bytes=" + ",".join(f"{n}-{n}" for n in range(10_000))
LONGEST_PARSED_RANGES = "bytes=" + ",".join(["0-0"] * 248)


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


class CountingPattern:
    def __init__(self, pattern: re.Pattern[str]) -> None:
        self._pattern = pattern
        self.lengths: list[int] = []

    def fullmatch(self, text: str) -> re.Match[str] | None:
        self.lengths.append(len(text))
        return self._pattern.fullmatch(text)


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
    blob_store = device.api.app.state.services.uploader.blob_store
    pattern, reads, original_read = CountingPattern(conditional.RANGE_PATTERN), [], blob_store.read

    async def count_reads(key: str, start: int, stop: int) -> Any:
        reads.append((start, stop))
        return await original_read(key, start, stop)

    monkeypatch.setattr(blob_store, "read", count_reads)
    monkeypatch.setattr(conditional, "RANGE_PATTERN", pattern)
    await device.fetch(file["url"], range=range_)
    assert (len(pattern.lengths), reads) == (matches, [read])
    assert sum(pattern.lengths) <= conditional.MAX_HEADER_LENGTH
