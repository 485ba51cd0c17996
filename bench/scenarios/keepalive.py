"""Signs of life: each connection gives them for a share of the sessions, in turn, and each is on disk when answered."""

from collections.abc import Sequence
from itertools import cycle

from bench.harness import Harness
from bench.load_generator import LoadResult, encode_request, run_closed_loop
from bench.scenarios.base import Row
from bench.scenarios.requests import COLUMNS, measure_requests
from bench.servers import Server

DOCUMENT = """mutation Keepalive($input: KeepaliveSessionInput!) {
  keepaliveSession(input: $input) { session { id revision lastSeenAt } problems { code } }
}"""


class Keepalive:
    name = "keepalive"
    title = "keepalive, durable, per second"
    case = "conn."
    columns = COLUMNS
    lower_is_better = False

    async def rows(self, harness: Harness) -> Sequence[Row]:
        return await measure_requests(harness, run_load)


async def run_load(server: Server, connections: int, seconds: float) -> LoadResult:
    """Signs of life for so long. Raises LoadFailed."""
    requests = [encode_request(server.port, DOCUMENT, {"input": {"id": session}}) for session in server.sessions]
    request_streams = [cycle(requests[lane::connections]) for lane in range(connections)]
    return await run_closed_loop(server.port, request_streams, is_valid, seconds)


def is_valid(body: bytes) -> bool:
    """Whether the session came back, without errors and without problems."""
    return b'"revision"' in body and b'"errors"' not in body and b'"code"' not in body
