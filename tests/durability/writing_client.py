"""Client that starts sessions while the storage of the server fails, and records every answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, NamedTuple

import httpx2

from bench.load_generator import HOST

START: Final = """mutation($name: String!) { startSession(input: {variant: {user: {username: $name}}}) {
    session { id } problems { code } } }"""
SESSIONS: Final = """query($after: String) { sessions(first: 500, after: $after) {
    nodes { id } pageInfo { hasNextPage endCursor } } }"""
MAX_SECONDS: Final = 6.0
"""Within which a call is answered, whatever happens to the storage."""
RECOVERY_SECONDS: Final = 5.0
"""Within which a call succeeds after the storage has recovered."""


class Answer(NamedTuple):
    at: float
    seconds: float
    id: str | None
    """Of the session; None if the call was refused."""


class WritingClient:
    """Clients that start sessions one after the other."""

    def __init__(self, port: int) -> None:
        self._http = httpx2.AsyncClient(base_url=f"http://{HOST}:{port}", timeout=30)
        self.answers: list[Answer] = []

    @asynccontextmanager
    async def writing(self, clients: int = 4) -> AsyncIterator[None]:
        stop = asyncio.Event()

        async def write() -> None:
            while not stop.is_set():
                await self.start()

        async with self._http:
            tasks = [asyncio.create_task(write()) for _ in range(clients)]
            try:
                yield
            finally:
                stop.set()
                await asyncio.gather(*tasks)

    async def start(self) -> bool:
        """Start a session. Returns whether it was acknowledged; else the refusal must say that it may be repeated."""
        clock = asyncio.get_running_loop().time
        began = clock()
        response = await self._http.post("/graphql", json={"query": START, "variables": {"name": "x" * 200}})
        body = response.json()
        if "errors" in body:
            (error,) = body["errors"]
            assert error["extensions"] == {"code": "SERVICE_UNAVAILABLE", "retryable": True}, body
            self.answers.append(Answer(clock(), clock() - began, None))
            return False
        started = body["data"]["startSession"]
        assert started["problems"] == []
        self.answers.append(Answer(clock(), clock() - began, started["session"]["id"]))
        return True

    async def succeeds_soon(self) -> None:
        """Start sessions until one is acknowledged, which must be within `RECOVERY_SECONDS`."""
        clock = asyncio.get_running_loop().time
        healed_at = clock()
        while not await self.start():
            assert clock() < healed_at + RECOVERY_SECONDS
        assert clock() < healed_at + RECOVERY_SECONDS

    async def read_ids(self) -> set[str]:
        """Read the ids of all sessions."""
        found: set[str] = set()
        after = None
        while True:
            response = await self._http.post("/graphql", json={"query": SESSIONS, "variables": {"after": after}})
            page = response.json()["data"]["sessions"]
            found |= {node["id"] for node in page["nodes"]}
            if not page["pageInfo"]["hasNextPage"]:
                return found
            after = page["pageInfo"]["endCursor"]

    @property
    def acknowledged(self) -> set[str]:
        return {answer.id for answer in self.answers if answer.id is not None}

    @property
    def refused(self) -> int:
        return sum(answer.id is None for answer in self.answers)

    @property
    def slowest(self) -> float:
        return max(answer.seconds for answer in self.answers)
