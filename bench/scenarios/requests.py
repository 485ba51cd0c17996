"""Request scenarios: queries and keepalives in a closed loop over HTTP."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import cycle, repeat
from typing import Any, Final

from bench.harness import Harness, interleaved
from bench.load_generator import ResponseCheck, encode_request, percentile, run_closed_loop
from bench.peers import SESSION_GRAPH
from bench.scenarios.base import Column, Row, Sample
from bench.servers import Server, ServerSpec

PAGE_SIZE: Final = 50
CONNECTIONS: Final = (1, 4, 16, 64, 256)
"""Of the scenario that varies them."""
COLUMNS: Final = (
    *(Column("per s"), Column("p50 ms", ".1f"), Column("p99 ms", ".1f"), Column("CPU µs")),
    *(Column("failures"), Column("load", ".0%")),
)

TYPENAME: Final = "{ __typename }"
SESSION: Final = "query Session($id: ID!) { session(id: $id) { id state } }"
KEEPALIVE: Final = """mutation Keepalive($input: KeepaliveSessionInput!) {
  keepaliveSession(input: $input) { session { id revision lastSeenAt } problems { code } }
}"""
_NODES: Final = """{ nodes {
  id kind state subject visible path startedAt lastSeenAt
  ... on ClientSession { clientSystem }
  ... on UserSession { username }
} }"""
_LAST_SEEN: Final = "orderBy: [{ field: LAST_SEEN_AT, direction: DESC }]"
PAGE: Final = f"query Page($filter: SessionFilter) {{ sessions(first: {PAGE_SIZE}, filter: $filter) {_NODES} }}"
PAGE_BY_LAST_SEEN: Final = PAGE.replace("filter: $filter", f"filter: $filter, {_LAST_SEEN}")

ANY_START: Final = datetime(2020, 1, 1, tzinfo=UTC)
"""Every session has started after it, and after all instants of filters."""
DIFFERENT_PAGES: Final = 100
"""Filters of one connection, each with an instant of its own, which no other connection has."""

RequestStreams = Sequence[Iterable[bytes]]


@dataclass(frozen=True)
class Work:
    """Requests of one kind: a stream of them for each connection, and what makes a response valid."""

    name: str
    streams: Callable[[Server, int], RequestStreams]
    is_valid: ResponseCheck
    case: str = ""


def typename_requests(server: Server, connections: int) -> RequestStreams:
    return [repeat(encode_request(server.port, TYPENAME))] * connections


def _page(name: str, document: str, case: str, **filter_: Any) -> Work:
    """Pages of the same rows, each with another filter than all that are asked at the same moment."""

    def streams(server: Server, connections: int) -> RequestStreams:
        instants = (ANY_START + timedelta(seconds=number) for number in range(connections * DIFFERENT_PAGES))
        requests = [_page_request(server, name, document, instant, filter_) for instant in instants]
        return [cycle(requests[number::connections]) for number in range(connections)]

    return Work(name, streams, is_page if filter_ else is_full_page, case)


def _equal_pages(name: str, document: str, case: str) -> Work:
    """The same page from all connections, as from dashboards that poll."""

    def streams(server: Server, connections: int) -> RequestStreams:
        return [repeat(_page_request(server, name, document, ANY_START, {}))] * connections

    return Work(name, streams, is_full_page, f"{case}, equal queries")


def _page_request(server: Server, name: str, document: str, instant: datetime, filter_: dict[str, Any]) -> bytes:
    after = f"{instant:%Y-%m-%dT%H:%M:%S}.000Z"
    if (own := server.spec.documents.get(name)) is not None:
        return encode_request(server.port, own, {"after": after})
    return encode_request(server.port, document, {"filter": {"startedAfter": after, **filter_}})


def session_requests(server: Server, connections: int) -> RequestStreams:
    document = server.spec.documents.get("session", SESSION)
    requests = [encode_request(server.port, document, {"id": session}) for session in server.sessions]
    return [cycle(requests[number::connections]) for number in range(connections)]


def keepalive_requests(server: Server, connections: int, *, moves: bool = False) -> RequestStreams:
    """Each connection sends those of its share of the sessions in turn, where they move to another path each time."""
    paths = [{"path": ["/view/overview", f"page-{turn}"]} for turn in range(2)] if moves else [{}]
    inputs = [[{"id": session, **path} for session in server.sessions] for path in paths]
    requests = [[encode_request(server.port, KEEPALIVE, {"input": each}) for each in turn] for turn in inputs]
    return [
        cycle([request for turn in requests for request in turn[number::connections]]) for number in range(connections)
    ]


def is_typename(body: bytes) -> bool:
    return b'"__typename":"Query"' in body and b'"errors"' not in body


def is_session(body: bytes) -> bool:
    return b'"state":"ACTIVE"' in body and b'"errors"' not in body


def is_kept_alive(body: bytes) -> bool:
    return b'"revision"' in body and b'"errors"' not in body and b'"code"' not in body


def is_page(body: bytes) -> bool:
    return body.count(b'"lastSeenAt"') == PAGE_SIZE and b'"errors"' not in body


def is_full_page(body: bytes) -> bool:
    return is_page(body) and b'"clientSystem"' in body and b'"username"' in body


TYPENAME_WORK: Final = Work("typename", typename_requests, is_typename)
SESSION_WORK: Final = Work("session", session_requests, is_session)
PAGE_WORK: Final = _page("page", PAGE, "by STARTED_AT")
PAGE_BY_LAST_SEEN_WORK: Final = _page("page by LAST_SEEN_AT", PAGE_BY_LAST_SEEN, "by LAST_SEEN_AT")
EQUAL_PAGES_WORK: Final = _equal_pages("page", PAGE, "by STARTED_AT")
EQUAL_PAGES_BY_LAST_SEEN_WORK: Final = _equal_pages("page by LAST_SEEN_AT", PAGE_BY_LAST_SEEN, "by LAST_SEEN_AT")
FILTERED_PAGE_WORK: Final = _page("filtered page", PAGE, "", kinds=["CLIENT", "USER"], active=True)
ACTIVE_PAGE_BY_LAST_SEEN_WORK: Final = _page("page by LAST_SEEN_AT", PAGE_BY_LAST_SEEN, "", active=True)
KEEPALIVE_WORK: Final = Work("keepalive", keepalive_requests, is_kept_alive, "in place")
MOVE_WORK: Final = Work("move", partial(keepalive_requests, moves=True), is_kept_alive, "that move")


async def measure_requests(works: Sequence[Work], specs: Sequence[ServerSpec], harness: Harness) -> Sequence[Row]:
    """Measure each work with each number of connections on each server."""
    config = harness.config
    servers = await harness.servers(config.sessions, specs)
    rows: list[Row] = []
    for work in works:
        for connections in config.connections:
            case = ", ".join(filter(None, (work.case, f"{connections} conn.")))
            results = await run_in_turns(harness, servers, work, connections)
            rows += (Row(server.name, case, samples) for server, samples in results)
    return rows


async def measure_connections(harness: Harness) -> Sequence[Row]:
    """Measure what a request costs with more and more connections."""
    servers = await harness.servers(harness.config.sessions, [SESSION_GRAPH])
    rows: list[Row] = []
    for work in (TYPENAME_WORK, SESSION_WORK, PAGE_WORK, KEEPALIVE_WORK):
        for connections in CONNECTIONS:
            for server, samples in await run_in_turns(harness, servers, work, connections):
                rows.append(cost_row(server.name, work.name, connections, samples))
    return rows


def cost_row(server: str, series: str, x: int, samples: Sequence[Sample]) -> Row:
    """Return a row whose first column is the cost of a request, for `COST_COLUMNS`."""
    return Row(server, f"{series}, {x:,}", [(sample[3], *sample[:3], *sample[4:]) for sample in samples], series, x)


COST_COLUMNS: Final = (COLUMNS[3], *COLUMNS[:3], *COLUMNS[4:])


async def run_in_turns(
    harness: Harness, servers: Sequence[Server], work: Work, connections: int
) -> Sequence[tuple[Server, Sequence[Sample]]]:
    """Measure a work on each server, after a warm-up. The samples have the values of `COLUMNS`."""
    for server in servers:
        await _run(work, connections, harness.config.warm_up, server)
    return await interleaved(servers, harness.config.runs, partial(_run, work, connections, harness.config.seconds))


async def _run(work: Work, connections: int, seconds: float, server: Server) -> Sample:
    streams = work.streams(server, connections)
    cpu_before = server.cpu_seconds
    result = await run_closed_loop(server.port, streams, work.is_valid, seconds)
    cpu = 1e6 * (server.cpu_seconds - cpu_before) / max(1, result.responses)
    p50, p99 = (1000 * percentile(result.latencies, fraction) for fraction in (0.50, 0.99))
    return result.rate, p50, p99, cpu, result.failures, result.client_cpu_seconds / result.seconds
