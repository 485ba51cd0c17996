"""Limits of open streams by address and by token, over all transports."""

from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from tests.access.limited import EVENTS, PARTS, SUBSCRIPTION, VIEWER, init, limited_server, receive, send
from tests.polling import wait_until

CLIENT, OTHER = "192.0.2.1", "192.0.2.2"


async def test_streams_of_all_kinds_count_together_by_address(tmp_path: Path) -> None:
    async with limited_server(tmp_path, streams_per_address=3) as server:
        open_streams = server.api.app.state.streams.stream_limits.addresses
        async with (
            server.ready_socket(None, CLIENT),
            server.stream(EVENTS, None, CLIENT) as events,
            server.stream(PARTS, None, CLIENT) as parts,
        ):
            assert (events.status_code, parts.status_code) == (200, 200)
            with pytest.raises(InvalidStatus) as handshake:
                async with server.socket(CLIENT):
                    pass
            assert handshake.value.response.status_code == 429
            assert handshake.value.response.headers["retry-after"] == "5"
            assert b"Too many streams of this address: 4, where 3 is the limit." in handshake.value.response.body
            for accept in (EVENTS, PARTS):
                async with server.stream(accept, None, CLIENT) as refused:
                    assert refused.status_code == 429
                    assert refused.headers["retry-after"] == "5"
                    await refused.aread()
                    (error,) = refused.json()["errors"]
                    assert error["extensions"] == {"code": "RATE_LIMITED", "retryable": True, "retryAfter": 5.0}
            assert (await server.post(VIEWER, None, CLIENT)).status_code == 200
            async with server.stream(EVENTS, None, OTHER) as accepted:
                assert accepted.status_code == 200
        await wait_until(lambda: not len(open_streams))
        assert not open_streams._open
        async with server.stream(EVENTS, None, CLIENT) as again:
            assert again.status_code == 200


async def test_streams_count_by_token_from_all_addresses(tmp_path: Path) -> None:
    async with limited_server(tmp_path, streams_per_token=2) as server:
        token, second = await server.token("READ"), await server.token("READ")
        limits = server.api.app.state.streams.stream_limits
        async with server.ready_socket(token, CLIENT), server.stream(EVENTS, token, OTHER):
            async with server.socket(CLIENT) as refused:
                await send(refused, init(token))
                await refused.wait_closed()
                assert (refused.close_code, refused.close_reason) == (1013, "RATE_LIMITED")
            async with server.stream(PARTS, token, OTHER) as response:
                assert response.status_code == 429
                await response.aread()
                assert "Too many streams of this token: 3, where 2 is the limit." in response.text
            assert limits.addresses._open == {CLIENT: 1, OTHER: 1}
            async with server.ready_socket(second, CLIENT) as accepted, server.stream(EVENTS, second, CLIENT):
                await send(accepted, {"id": "1", "type": "subscribe", "payload": {"query": SUBSCRIPTION}})
                assert (await receive(accepted))["type"] == "next"  # its socket is counted, and no stream besides
        await wait_until(lambda: not len(limits.addresses) and not len(limits.tokens))
        async with server.ready_socket(token, CLIENT), server.stream(EVENTS, token, OTHER):
            pass


async def test_queries_of_clients_that_accept_streams_are_no_streams(tmp_path: Path) -> None:
    async with limited_server(tmp_path, streams_per_address=1) as server, server.ready_socket(None, CLIENT):
        for accept in (EVENTS, f"{PARTS}, application/json"):
            sent = {"accept": accept, "x-forwarded-for": CLIENT}
            response = await server.api.http.post("/graphql", json={"query": VIEWER}, headers=sent)
            assert response.status_code == 200


async def test_ended_access_frees_its_streams(tmp_path: Path) -> None:
    async with limited_server(tmp_path, streams_per_token=2) as server:
        token = await server.token("READ", expiresAt="2026-05-28T21:26:40Z")
        limits = server.api.app.state.streams.stream_limits
        async with server.ready_socket(token) as socket, server.stream(EVENTS, token) as stream:
            await server.api.advance(3_600)
            await server.api.app.state.access_check.run()
            await socket.wait_closed()
            await stream.aread()
        await wait_until(lambda: not len(limits.addresses) and not len(limits.tokens))
