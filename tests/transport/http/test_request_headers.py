"""Request headers by name."""

from starlette.routing import Route

from tests.live_server import send_raw, serve_app
from tests.transport.fake_app import FakeApp
from transport import Application, TransportSettings
from transport.http.headers import RequestHeaders


def test_repeated_header_has_all_its_values_in_order() -> None:
    headers = RequestHeaders([(b"accept", b"a"), (b"host", b"\xe9"), (b"accept", b"b")])
    assert headers.values(b"accept") == ["a", "b"]
    assert headers.values(b"host") == ["é"]
    assert headers.values(b"origin") == []
    assert headers.names == {b"accept", b"host"}


async def test_trailers_are_no_headers(fake_app: FakeApp) -> None:
    """A trailer follows the body: what it says must not decide about the request that precedes it."""
    app = Application(settings := TransportSettings(), [Route("/graphql", fake_app.endpoint(settings))])
    body = b'{"query": "{hello}"}'
    head = b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n"
    chunked = b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\nHost: evil.example\r\nAccept: image/png\r\n\r\n"
    async with serve_app(app) as port:
        answer = await send_raw(port, head + chunked % (len(body), body))
    assert (answer.status, answer.json) == (200, {"data": {"hello": "Hello, you"}})
