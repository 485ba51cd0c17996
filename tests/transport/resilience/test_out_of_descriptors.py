"""Out of file descriptors: connections are refused, and open ones are served, files included."""

import socket
from contextlib import ExitStack, suppress
from pathlib import Path

from bench.load_generator import HOST
from tests.blobs.form_client import FORM_FIELDS, HEADERS, FilePart, start_body
from tests.live_server import connect, server_process
from tests.polling import TIMEOUT_SECONDS

LIMIT = 128
FEW_DESCRIPTORS = ("sh", "-c", f'ulimit -n {LIMIT} && exec "$@"', "sh")
REFUSED = b"HTTP/1.1 503 Service Unavailable"
READ = "{ sessions(first: 5) { totalCount nodes { id } } }"


def connect_idle(port: int, opened: ExitStack) -> socket.socket:
    idle = opened.enter_context(socket.create_connection((HOST, port), timeout=TIMEOUT_SECONDS))
    idle.settimeout(TIMEOUT_SECONDS)
    return idle


async def test_server_out_of_descriptors_serves_open_connections(tmp_path: Path) -> None:
    file = tmp_path / "test.db"
    async with server_process(file, prefix=FEW_DESCRIPTORS) as process, connect(process.port) as client:
        with ExitStack() as opened:
            flood = [connect_idle(process.port, opened) for _ in range(2 * LIMIT)]
            # The first ones stay open. The last ones of those that are accepted in one turn may get no answer.
            answers = {idle.recv(1000).partition(b"\r\n")[0] for idle in flood[LIMIT:]}
            assert answers <= {b"", REFUSED}
            assert connect_idle(process.port, opened).recv(1000).startswith(REFUSED)
            started = await client.send(upload_request(bytes(300_000)))
            assert started["startSession"]["problems"] == []
            assert (await client.ask(READ))["sessions"]["totalCount"] == 1
        while b" 200 OK" not in ask_alive(process.port):
            pass  # the server notices the ends of the others in its own time
    log = file.with_suffix(".log").read_text()
    assert log.count("out of file descriptors: refusing connections") == 1
    assert "Traceback" not in log


def ask_alive(port: int) -> bytes:
    with socket.create_connection((HOST, port), timeout=TIMEOUT_SECONDS) as client, suppress(ConnectionError):
        client.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return client.recv(1000)
    return b""


def upload_request(content: bytes) -> bytes:
    body = start_body({"photo": FilePart(content)}, FORM_FIELDS)
    headers = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
    return f"POST /graphql HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body
