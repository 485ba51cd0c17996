"""Single GraphQL requests over pooled connections."""

from typing import Any

import httpx2

from bench.load_generator import HOST, LoadFailed, UnexpectedResponse


class HttpClient:
    """Sends requests to one server, each over an idle connection or a new one."""

    def __init__(self, port: int) -> None:
        # Servers close idle connections, ours after 10 s: never reuse one that may just be closing.
        limits = httpx2.Limits(max_connections=None, keepalive_expiry=4.0)
        self._http = httpx2.AsyncClient(base_url=f"http://{HOST}:{port}", limits=limits, timeout=30.0, trust_env=False)

    async def execute(self, document: str, variables: dict[str, Any]) -> bytes:
        """Return the body of a response without errors and problems. Raises LoadFailed, UnexpectedResponse."""
        try:
            response = await self._http.post("/graphql", json={"query": document, "variables": variables})
        except httpx2.HTTPError as error:
            raise LoadFailed(f"no response: {error or type(error).__name__}") from None
        body = response.content
        if response.status_code != httpx2.codes.OK or b'"errors"' in body or b'"code"' in body:
            raise UnexpectedResponse(f"unexpected response, status {response.status_code}: {body[:500]!r}")
        return body

    async def close(self) -> None:
        await self._http.aclose()
