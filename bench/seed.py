"""Fills a server with sessions of two kinds, through its front door."""

from itertools import islice
from typing import Any, Final

import orjson

from bench.load_generator import LoadFailed, encode_request, run_closed_loop
from bench.servers import Server

DAY: Final = 86_400
CONNECTIONS: Final = 16
TIMEOUT_SECONDS: Final = 300.0
"""Seconds for all starts together."""
START_MUTATION: Final = """mutation Start($input: StartSessionInput!) {
  startSession(input: $input) { session { id } problems { code } }
}"""


async def seed_sessions(server: Server, count: int) -> None:
    """Starts `size` sessions, CLIENT and USER by turns, with the longest timeout. Raises LoadFailed.

    A start that fails is made up for by another; twice as many as wanted are tried at most.
    """
    requests = islice(
        (encode_request(server.port, START_MUTATION, start_variables(number)) for number in range(2 * count)), 2 * count
    )

    def collect_id(body: bytes) -> bool:
        session = ((orjson.loads(body).get("data") or {}).get("startSession") or {}).get("session")
        if session:
            server.sessions.append(session["id"])
        return bool(session)

    def remaining_requests() -> Any:
        # One iterator for all connections: each takes what comes next, until enough is there.
        while len(server.sessions) < count and (request := next(requests, None)) is not None:
            yield request

    await run_closed_loop(server.port, [remaining_requests() for _ in range(CONNECTIONS)], collect_id, TIMEOUT_SECONDS)
    if len(server.sessions) < count:
        raise LoadFailed(f"{server.name} started {len(server.sessions)} of {count} sessions")
    del server.sessions[count:]


def start_variables(number: int) -> dict[str, Any]:
    client = {"client": {"clientSystem": f"iOS 18.{number % 6}"}}
    user = {"user": {"username": f"user-{number % 200}"}}
    return {
        "input": {
            "timeoutSeconds": DAY,
            "path": ["/view/overview", f"tab-{number % 7}"],
            "variant": user if number % 2 else client,
        }
    }
