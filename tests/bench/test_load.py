"""The load client counts what a server answers, neither more nor less."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import repeat

import orjson
import pytest

from bench.http_client import HttpClient
from bench.load_generator import HOST, LoadFailed, encode_request, parse_response, run_closed_loop

FOR_LONG = 60.0
GOOD = b'{"data":{}}'


def answer(body: bytes, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


@asynccontextmanager
async def server(*pieces: bytes, connections: int = 1) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server that answers each request with all the pieces, one write each; its port and the bodies it was sent.

    Ends when so many connections have come and gone.
    """
    asked: list[bytes] = []
    serving: list[asyncio.Task[None]] = []
    accepted = asyncio.Semaphore(0)

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.append(asyncio.create_task(serve(reader, writer)))
        accepted.release()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await _head(reader):
            length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
            asked.append(await reader.readexactly(int(length.partition(b":")[2])))
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            if not pieces:
                break
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(accept, HOST, 0) as listening:
        yield listening.sockets[0].getsockname()[1], asked
        for _ in range(connections):
            await accepted.acquire()
        await asyncio.gather(*serving)


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""


def is_good(body: bytes) -> bool:
    return body == GOOD


async def test_each_lane_sends_its_requests_and_each_right_answer_counts() -> None:
    async with server(answer(GOOD), connections=2) as (port, asked):
        request = encode_request(port, "{ a }", {"id": "1"})
        sample = await run_closed_loop(port, [repeat(request, 3), repeat(request, 4)], is_good, FOR_LONG)
    assert (len(sample.latencies), sample.failures) == (7, 0)
    assert 0 < sample.seconds < FOR_LONG
    assert sample.rate == 7 / sample.seconds
    assert [orjson.loads(body) for body in asked] == [{"query": "{ a }", "variables": {"id": "1"}}] * 7


async def test_an_answer_in_pieces_is_one_answer() -> None:
    whole = answer(GOOD)
    async with server(whole[:20], whole[20:-3], whole[-3:]) as (port, _):
        sample = await run_closed_loop(port, [repeat(encode_request(port, "{ a }"), 2)], is_good, FOR_LONG)
    assert (len(sample.latencies), sample.failures) == (2, 0)


@pytest.mark.parametrize("given", [answer(b'{"errors":[]}'), answer(GOOD, "503 Service Unavailable")])
async def test_a_wrong_answer_is_counted_apart(given: bytes) -> None:
    async with server(given) as (port, _):
        sample = await run_closed_loop(port, [repeat(encode_request(port, "{ a }"), 2)], is_good, FOR_LONG)
    assert (len(sample.latencies), sample.failures, sample.rate) == (0, 2, 0)


async def test_nothing_is_sent_after_the_time_is_up() -> None:
    async with server(answer(GOOD)) as (port, asked):
        sample = await run_closed_loop(port, [repeat(encode_request(port, "{ a }"))], is_good, 0)
    assert (asked, len(sample.latencies)) == ([], 0)


async def test_a_connection_that_the_server_closes_is_a_failure() -> None:
    async with server() as (port, _):
        with pytest.raises(LoadFailed, match="closed a connection"):
            await run_closed_loop(port, [repeat(encode_request(port, "{ a }"))], is_good, FOR_LONG)


async def test_an_answer_without_a_length_is_a_failure() -> None:
    async with server(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n") as (port, _):
        with pytest.raises(LoadFailed, match="Content-Length"):
            await run_closed_loop(port, [repeat(encode_request(port, "{ a }"))], is_good, FOR_LONG)


async def test_no_server_is_a_failure() -> None:
    async with server(connections=0) as (port, _):
        pass
    with pytest.raises(LoadFailed, match="no connection"):
        await run_closed_loop(port, [repeat(encode_request(port, "{ a }"))], is_good, FOR_LONG)


def test_an_incomplete_answer_is_none_yet() -> None:
    whole = answer(GOOD)
    assert [parse_response(whole[:length]) for length in range(len(whole))] == [None] * len(whole)
    assert parse_response(whole) == (200, GOOD)


async def test_single_requests_share_a_connection_that_is_still_good() -> None:
    async with server(answer(GOOD)) as (port, asked):
        caller = HttpClient(port)
        for _ in range(3):
            assert await caller.execute("{ a }", {"id": "1"}) == GOOD
        caller.close()
    assert len(asked) == 3


async def test_a_connection_that_the_server_has_closed_is_not_used_again() -> None:
    async with server(answer(GOOD), connections=2) as (port, asked):
        caller = HttpClient(port)
        await caller.execute("{ a }", {})
        caller._idle[0].reader.feed_eof()  # as if it had hung up
        await caller.execute("{ a }", {})
        caller.close()
    assert len(asked) == 2


@pytest.mark.parametrize(
    "given", [answer(b'{"errors":[]}'), answer(b'{"data":{"problems":[{"code":"X"}]}}'), answer(GOOD, "503 No")]
)
async def test_a_single_wrong_answer_is_a_failure(given: bytes) -> None:
    async with server(given) as (port, _):
        caller = HttpClient(port)
        with pytest.raises(LoadFailed, match="a wrong answer"):
            await caller.execute("{ a }", {})
        caller.close()


async def test_a_single_request_that_is_not_answered_is_a_failure() -> None:
    async with server() as (port, _):
        with pytest.raises(LoadFailed, match="without an answer"):
            await HttpClient(port).execute("{ a }", {})
    with pytest.raises(LoadFailed, match="no answer"):
        await HttpClient(port).execute("{ a }", {})
