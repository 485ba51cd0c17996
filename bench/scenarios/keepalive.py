"""Signs of life: each connection gives them for a share of the sessions, in turn, and each is on disk when answered."""

from collections.abc import Sequence
from itertools import cycle

from bench.harness import Ground
from bench.load_generator import Sample, drive, encode_request
from bench.scenarios.base import Row
from bench.scenarios.requests import COLUMNS, call_rows
from bench.servers import Server

DOCUMENT = """mutation Keepalive($input: KeepaliveSessionInput!) {
  keepaliveSession(input: $input) { session { id revision lastSeenAt } problems { code } }
}"""


class Keepalive:
    name = "keepalive"
    title = "keepalive, durable, per second"
    case = "conn."
    columns = COLUMNS
    less_is_better = False

    async def rows(self, ground: Ground) -> Sequence[Row]:
        return await call_rows(ground, call)


async def call(server: Server, connections: int, seconds: float) -> Sample:
    """Signs of life for so long. Raises LoadFailed."""
    requests = [encode_request(server.port, DOCUMENT, {"input": {"id": session}}) for session in server.sessions]
    lanes = [cycle(requests[lane::connections]) for lane in range(connections)]
    return await drive(server.port, lanes, accepts, seconds)


def accepts(body: bytes) -> bool:
    """Whether the session came back, without errors and without problems."""
    return b'"revision"' in body and b'"errors"' not in body and b'"code"' not in body
