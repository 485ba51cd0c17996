"""Persisted and trusted documents over WebSocket and server-sent events."""

from typing import Any

from tests.transport.documents.test_persisted import persisted_extensions
from tests.transport.fake_app import GraphQLClient
from tests.transport.websocket.live_server import SUBSCRIBE, LiveServer, live_server
from transport import TransportSettings

HELLO = "{hello}"


async def first_results(server: LiveServer, *payloads: Any) -> list[Any]:
    """Run operations on one socket and return the payload of the first message to each."""
    messages = []
    async with server.client() as opened:
        for number, payload in enumerate(payloads):
            await opened.subscribe(payload, str(number))
            message = await opened.receive()
            if message["type"] == "next":
                assert (await opened.receive())["type"] == "complete"
            messages.append(message["payload"])
    return messages


async def test_websocket_registers_documents_by_hash() -> None:
    extensions = persisted_extensions(HELLO)
    async with live_server() as server:
        unknown, sent, named = await first_results(
            server, {"extensions": extensions}, {"query": HELLO, "extensions": extensions}, {"extensions": extensions}
        )
    assert [error["extensions"]["code"] for error in unknown] == ["PERSISTED_QUERY_NOT_FOUND"]
    assert sent == named == {"data": {"hello": "hello anybody"}}


async def test_subscription_runs_by_document_id() -> None:
    async with live_server(TransportSettings(trusted_documents={"received-1": SUBSCRIBE["query"]})) as server:
        async with server.client() as opened:
            await opened.subscribe({"doc_id": "received-1", "variables": {"after": "0"}})
            server.log.append()
            assert (await opened.receive())["payload"] == {"data": {"event": {"number": 1}}}
        await server.wait_until_empty()


async def test_event_stream_finds_document_by_hash(client: GraphQLClient) -> None:
    events = "text/event-stream"
    unknown = await client.post({"extensions": persisted_extensions(HELLO)}, accept=events)
    assert "PERSISTED_QUERY_NOT_FOUND" in unknown.text
    await client.execute(HELLO, extensions=persisted_extensions(HELLO))
    named = await client.post({"extensions": persisted_extensions(HELLO)}, accept=events)
    assert 'data: {"data":{"hello":"Hello, you"}}' in named.text
