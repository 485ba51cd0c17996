"""Output of the log: in order, in batches, and never at the cost of the server."""

import asyncio
import fcntl
import io
import json
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any, TextIO

import pytest
import structlog
from graphql import parse

from tests.transport.fake_app import FakeApp
from transport import TransportSettings, configure_log
from transport.documents.operation import Operation
from transport.documents.store import DocumentStore
from transport.log_writer import EXIT_SECONDS, MAX_UNSENT_BYTES, LogWriter
from transport.request_log import flush_log, log_operation, reset_log


@pytest.fixture(autouse=True)
def no_configuration() -> Iterator[None]:
    yield
    reset_log()


class Pipe:
    """A pipe whose reader takes what the test says."""

    def __init__(self) -> None:
        self.reader, writer = os.pipe()
        os.set_blocking(self.reader, False)
        self.stream: TextIO = os.fdopen(writer, "w", encoding="utf-8")

    def read(self) -> str:
        text = b""
        while True:
            try:
                chunk = os.read(self.reader, 65_536)
            except BlockingIOError:
                return text.decode()
            if not chunk:
                return text.decode()
            text += chunk

    def close(self) -> None:
        os.close(self.reader)
        self.stream.close()


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    opened = Pipe()
    yield opened
    opened.stream.close()


async def test_deferred_lines_are_written_together_after_a_turn(pipe: Pipe) -> None:
    writer = LogWriter(pipe.stream)
    writer.defer("one")
    writer.defer("two")
    assert pipe.read() == ""
    await asyncio.sleep(0)
    assert pipe.read() == "one\ntwo\n"
    writer.defer("three")
    await asyncio.sleep(0)
    assert pipe.read() == "three\n"


async def test_other_line_is_written_at_once_after_those_deferred(pipe: Pipe) -> None:
    writer = LogWriter(pipe.stream)
    writer.defer("one")
    writer.error("failed")
    assert pipe.read() == "one\nfailed\n"
    await asyncio.sleep(0)
    assert pipe.read() == ""


async def test_lines_of_threads_are_whole(pipe: Pipe) -> None:
    writer = LogWriter(pipe.stream)

    def write(text: str) -> None:
        for _ in range(50):
            writer.msg(text)

    threads = [Thread(target=write, args=(name * 50,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for _ in range(50):
        writer.defer("e" * 50)
        await asyncio.sleep(0)
    for thread in threads:
        thread.join()
    assert sorted(pipe.read().splitlines()) == [name * 50 for name in "abcde" for _ in range(50)]


async def test_full_pipe_stops_nothing_and_is_caught_up(pipe: Pipe) -> None:
    writer = LogWriter(pipe.stream)
    for number in range(3_000):
        writer.msg(f"{number:0100}")
    received = pipe.read()
    for _ in range(100):
        writer.flush()
        received += pipe.read()
    assert received == "".join(f"{number:0100}\n" for number in range(3_000))


async def test_lines_beyond_what_is_kept_are_counted(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", pipe.stream)
    configure_log("info", "json")
    log, line = structlog.get_logger("test"), "x" * 60_000
    for _ in range(40):
        log.info(line)
    received = ""
    for _ in range(1_000):
        received += pipe.read()
        log.info("again")
        if "log lines lost" in received:
            break
    events = [json.loads(text) for text in received.splitlines()]
    kept = sum(event["event"] == line for event in events)
    lost = sum(event.get("lines", 0) for event in events)
    assert 0 < kept < 40
    assert kept * 60_000 < MAX_UNSENT_BYTES + 200_000
    assert kept + lost + sum(event["event"] == "again" for event in events) >= 40


@pytest.mark.parametrize("close", [Pipe.close, lambda pipe: os.close(pipe.reader)])
async def test_closed_stream_loses_lines_and_nothing_else(
    pipe: Pipe, close: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", pipe.stream)
    configure_log("info", "json")
    close(pipe)
    for _ in range(3):
        log_operation(None, "ok", status=200, seconds=0)
        await asyncio.sleep(0)
        structlog.get_logger("test").info("lost")
    flush_log()


async def test_end_of_process_waits_a_moment_for_a_slow_reader(pipe: Pipe) -> None:
    writer = LogWriter(pipe.stream)
    fcntl.fcntl(pipe.stream.fileno(), fcntl.F_SETPIPE_SZ, 4096)
    for _ in range(100):
        writer.msg("x" * 100)
    os.set_blocking(pipe.reader, True)
    with os.fdopen(pipe.reader) as slow:
        received: list[str] = []
        reader = Thread(target=lambda: received.extend(slow.readlines()))
        reader.start()
        writer.flush(EXIT_SECONDS)
        pipe.stream.close()
        reader.join()
    assert len(received) == 100


async def test_file_gets_one_write_for_a_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "log").open("w") as file:
        assert stat.S_ISREG(os.fstat(file.fileno()).st_mode)
        writer, writes, write = LogWriter(file), 0, os.write

        def count(descriptor: int, data: bytes) -> int:
            nonlocal writes
            writes += 1
            return write(descriptor, data)

        monkeypatch.setattr(os, "write", count)
        for _ in range(500):
            writer.defer("x" * 200)
        await asyncio.sleep(0)
    assert writes == 1
    assert (tmp_path / "log").read_text() == ("x" * 200 + "\n") * 500


def operation(text: str) -> Operation:
    parse(text)
    return DocumentStore(FakeApp().endpoint().execution.schema, TransportSettings()).get(text).select_operation(None)


@pytest.mark.parametrize("text", [None, "{hello}", "query Hello {hello}", "mutation W {write}"])
@pytest.mark.parametrize("outcome", ["ok", "gone", ["CONFLICT"], ['A"\n\x1b\u2028é', "B"]])
@pytest.mark.parametrize("status", [200, None])
@pytest.mark.parametrize("seconds", [0, 0.00012345, 1e-9, 12.5])
async def test_operation_has_the_line_that_structlog_makes(
    text: str | None, outcome: str | list[str], status: int | None, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", output := io.StringIO())
    configure_log("info", "json")
    found = None if text is None else operation(text)
    log_operation(found, outcome, status=status, seconds=seconds)
    structlog.get_logger("test").info(
        "operation",
        name=found.name if found else None,
        type=found.type_name if found else None,
        duration_ms=round(seconds * 1000, 3),
        outcome=outcome,
        status=status,
    )
    line, expected = output.getvalue().splitlines()
    time = len('"2026-01-01T00:00:00.000000Z"}')
    assert line[:-time] == expected[:-time]
    assert line[-time:].endswith('Z"}')
    assert json.loads(line)["timestamp"] <= json.loads(expected)["timestamp"]


@pytest.mark.parametrize(("level", "lines"), [("debug", 1), ("info", 1), ("warning", 0), ("error", 0)])
@pytest.mark.parametrize("log_format", ["json", "text"])
async def test_operation_is_logged_from_its_level_on(
    level: str, lines: int, log_format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", output := io.StringIO())
    configure_log(level, log_format)
    log_operation(None, "ok", status=200, seconds=0)
    await asyncio.sleep(0)
    assert len(output.getvalue().splitlines()) == lines
