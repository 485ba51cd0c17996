"""Sessions of two kinds, started through the API of a server."""

from collections.abc import Iterator
from typing import Any, Final

import orjson

from bench.load_generator import HOST, LoadFailed, encode_request, run_closed_loop
from bench.servers import Server

DAY_SECONDS: Final = 86_400
CONNECTIONS: Final = 16
SEED_TIMEOUT: Final = 300.0
START_MUTATION: Final = """mutation Start($input: StartSessionInput!) {
  startSession(input: $input) { session { id } problems { code } }
}"""


async def seed_sessions(server: Server, count: int) -> None:
    """Start `count` CLIENT and USER sessions that do not expire during a benchmark. Raises LoadFailed."""
    if server.spec.seeds_itself:
        server.sessions += await _seeded_ids(server, count)
    else:
        await _start_sessions(server, count)
    if len(server.sessions) < count:
        raise LoadFailed(f"{server.name} started {len(server.sessions)} of {count} sessions")


async def _seeded_ids(server: Server, count: int) -> list[str]:
    ids: list[str] = []

    def collect(body: bytes) -> bool:
        ids.extend(orjson.loads(body))
        return True

    request = f"POST /seed?count={count} HTTP/1.1\r\nHost: {HOST}:{server.port}\r\nContent-Length: 0\r\n\r\n".encode()
    await run_closed_loop(server.port, [[request]], collect, SEED_TIMEOUT)
    return ids


async def _start_sessions(server: Server, count: int) -> None:
    # A failed start is made up for by another; at most twice as many are tried.
    requests = (encode_request(server.port, START_MUTATION, start_variables(number)) for number in range(2 * count))

    def collect_id(body: bytes) -> bool:
        session = ((orjson.loads(body).get("data") or {}).get("startSession") or {}).get("session")
        if session:
            server.sessions.append(session["id"])
        return bool(session)

    def remaining_requests() -> Iterator[bytes]:
        while len(server.sessions) < count and (request := next(requests, None)) is not None:
            yield request

    await run_closed_loop(server.port, [remaining_requests() for _ in range(CONNECTIONS)], collect_id, SEED_TIMEOUT)
    del server.sessions[count:]


def start_variables(number: int) -> dict[str, Any]:
    client = {"client": {"clientSystem": f"iOS 18.{number % 6}"}}
    user = {"user": {"username": f"user-{number % 200}"}}
    return {
        "input": {
            "timeoutSeconds": DAY_SECONDS,
            "path": ["/view/overview", f"tab-{number % 7}"],
            "variant": user if number % 2 else client,
        }
    }
