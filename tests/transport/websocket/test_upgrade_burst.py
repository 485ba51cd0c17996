"""Many simultaneous handshakes."""

import asyncio

from tests.transport.websocket.live_server import HANDSHAKE, LiveServer, reset_connection

CLIENTS = 60


async def test_upgrade_burst_with_resets_is_accepted(server: LiveServer) -> None:
    connections = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(CLIENTS)]
    for _, writer in connections:
        writer.write(HANDSHAKE)
    for _, writer in connections[::3]:
        reset_connection(writer)
    kept = [pair for number, pair in enumerate(connections) if number % 3]
    for reader, _ in kept:
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
    for _, writer in kept:
        reset_connection(writer)
    await server.wait_until_empty()
    await server.assert_serves()
