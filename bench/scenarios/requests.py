"""Request scenarios: keepalives and pages in a closed loop over HTTP."""

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import cycle, repeat
from typing import Final, Protocol

from bench.harness import Harness, interleaved
from bench.load_generator import ResponseCheck, encode_request, percentile, run_closed_loop
from bench.scenarios.base import Row, Sample
from bench.servers import Server

PAGE_SIZE: Final = 50
KEEPALIVE: Final = """mutation Keepalive($input: KeepaliveSessionInput!) {
  keepaliveSession(input: $input) { session { id revision lastSeenAt } problems { code } }
}"""
PAGE: Final = f"""query Page {{
  sessions(first: {PAGE_SIZE}) {{
    nodes {{
      id kind state subject visible path startedAt lastSeenAt
      ... on ClientSession {{ clientSystem }}
      ... on UserSession {{ username }}
    }}
  }}
}}"""


class Requests(Protocol):
    def __call__(self, server: Server, connections: int) -> Sequence[Iterable[bytes]]: ...


async def measure_keepalive(harness: Harness) -> Sequence[Row]:
    """Measure durable keepalives. Each connection sends those of its share of the sessions in turn."""
    return await _measure(harness, keepalive_requests, is_kept_alive)


async def measure_page(harness: Harness) -> Sequence[Row]:
    """Measure pages of the newest sessions of two kinds, nine fields each."""
    return await _measure(harness, page_requests, is_full_page)


def keepalive_requests(server: Server, connections: int) -> Sequence[Iterable[bytes]]:
    requests = [encode_request(server.port, KEEPALIVE, {"input": {"id": session}}) for session in server.sessions]
    return [cycle(requests[number::connections]) for number in range(connections)]


def page_requests(server: Server, connections: int) -> Sequence[Iterable[bytes]]:
    return [repeat(encode_request(server.port, PAGE))] * connections


def is_kept_alive(body: bytes) -> bool:
    return b'"revision"' in body and b'"errors"' not in body and b'"code"' not in body


def is_full_page(body: bytes) -> bool:
    both_kinds = b'"clientSystem"' in body and b'"username"' in body
    return body.count(b'"lastSeenAt"') == PAGE_SIZE and b'"errors"' not in body and both_kinds


async def _measure(harness: Harness, requests: Requests, is_valid: ResponseCheck) -> Sequence[Row]:
    config = harness.config

    async def run(connections: int, seconds: float, server: Server) -> Sample:
        result = await run_closed_loop(server.port, requests(server, connections), is_valid, seconds)
        p50, p99 = (1000 * percentile(result.latencies, fraction) for fraction in (0.50, 0.99))
        return result.rate, p50, p99, result.failures, result.client_cpu_seconds / result.seconds

    servers = await harness.servers(config.sessions)
    rows: list[Row] = []
    for connections in config.connections:
        for server in servers:
            await run(connections, config.warm_up, server)
        results = await interleaved(servers, config.runs, partial(run, connections, config.seconds))
        rows += (Row(server.name, str(connections), samples) for server, samples in results)
    return rows
