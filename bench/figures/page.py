"""The newest fifty sessions of two kinds, nine fields each."""

from itertools import repeat
from typing import Final

from bench.load import Sample, drive, encode_request
from bench.servers import Server

SIZE: Final = 50
DOCUMENT: Final = f"""query Page {{
  sessions(first: {SIZE}) {{
    nodes {{
      id kind state subject visible path startedAt lastSeenAt
      ... on ClientSession {{ clientSystem }}
      ... on UserSession {{ username }}
    }}
  }}
}}"""


class PageFigure:
    name = f"page of {SIZE} sessions, 9 fields, 2 kinds, per second"

    async def sample(self, server: Server, connections: int, seconds: float) -> Sample:
        lanes = [repeat(encode_request(server.port, DOCUMENT))] * connections
        return await drive(server.port, lanes, accepts, seconds)


def accepts(body: bytes) -> bool:
    """Whether all fifty came, without errors, and both kinds are there."""
    return (
        body.count(b'"lastSeenAt"') == SIZE
        and b'"errors"' not in body
        and b'"clientSystem"' in body
        and b'"username"' in body
    )
