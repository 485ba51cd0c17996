"""Many simultaneous handshakes."""

import asyncio

from tests.transport.websocket.live_server import HANDSHAKE, LiveServer, reset_connection

CROWD = 60


async def test_upgrade_burst_with_resets_is_accepted(site: LiveServer) -> None:
    crowd = [await asyncio.open_connection("127.0.0.1", site.port) for _ in range(CROWD)]
    for _, writer in crowd:
        writer.write(HANDSHAKE)
    for _, writer in crowd[::3]:
        reset_connection(writer)
    there = [pair for number, pair in enumerate(crowd) if number % 3]
    for reader, _ in there:
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
    for _, writer in there:
        reset_connection(writer)
    await site.wait_until_empty()
    await site.assert_serves()
