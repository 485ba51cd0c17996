"""Signs of life: each connection gives them for a share of the sessions, in turn, and each is on disk when answered."""

from itertools import cycle

from bench.load import Sample, drive, encode_request
from bench.servers import Server

DOCUMENT = """mutation Keepalive($input: KeepaliveSessionInput!) {
  keepaliveSession(input: $input) { session { id revision lastSeenAt } problems { code } }
}"""


class KeepaliveFigure:
    name = "keepalive, durable, per second"

    async def sample(self, server: Server, connections: int, seconds: float) -> Sample:
        requests = [encode_request(server.port, DOCUMENT, {"input": {"id": session}}) for session in server.sessions]
        lanes = [cycle(requests[lane::connections]) for lane in range(connections)]
        return await drive(server.port, lanes, accepts, seconds)


def accepts(body: bytes) -> bool:
    """Whether the session came back, without errors and without problems."""
    return b'"revision"' in body and b'"errors"' not in body and b'"code"' not in body
