"""The newest fifty sessions of two kinds, nine fields each."""

from collections.abc import Sequence
from itertools import repeat
from typing import Final

from bench.harness import Ground
from bench.load_generator import Sample, drive, encode_request
from bench.scenarios.base import Row
from bench.scenarios.requests import COLUMNS, call_rows
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


class Page:
    name = "page"
    title = f"page of {SIZE} sessions, 9 fields, 2 kinds, per second"
    case = "conn."
    columns = COLUMNS
    less_is_better = False

    async def rows(self, ground: Ground) -> Sequence[Row]:
        return await call_rows(ground, call)


async def call(server: Server, connections: int, seconds: float) -> Sample:
    """The same page for so long. Raises LoadFailed."""
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
