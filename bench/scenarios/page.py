"""The newest fifty sessions of two kinds, nine fields each."""

from collections.abc import Sequence
from itertools import repeat
from typing import Final

from bench.harness import Harness
from bench.load_generator import LoadResult, encode_request, run_closed_loop
from bench.scenarios.base import Row
from bench.scenarios.requests import COLUMNS, measure_requests
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
    lower_is_better = False

    async def rows(self, harness: Harness) -> Sequence[Row]:
        return await measure_requests(harness, run_load)


async def run_load(server: Server, connections: int, seconds: float) -> LoadResult:
    """The same page for so long. Raises LoadFailed."""
    request_streams = [repeat(encode_request(server.port, DOCUMENT))] * connections
    return await run_closed_loop(server.port, request_streams, is_valid, seconds)


def is_valid(body: bytes) -> bool:
    """Whether all fifty came, without errors, and both kinds are there."""
    return (
        body.count(b'"lastSeenAt"') == SIZE
        and b'"errors"' not in body
        and b'"clientSystem"' in body
        and b'"username"' in body
    )
