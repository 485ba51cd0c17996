"""A server in production mode, with tokens of each scope."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.access.tokens import create_token
from tests.api_client import ApiClient, open_api


@dataclass(frozen=True)
class Production:
    api: ApiClient
    tokens: dict[str, str]
    """Secrets by name: admin, reader, writer, guest; the guest reads one project only."""

    def headers(self, token: str | None) -> dict[str, str]:
        """Return the headers of a caller; None: without a credential."""
        return {} if token is None else {"Authorization": f"Bearer {self.tokens[token]}"}

    async def codes(self, token: str | None, document: str, **members: Any) -> list[str]:
        """Return the codes of an operation's errors."""
        request = {"query": document, **members}
        response = await self.api.http.post("/graphql", json=request, headers=self.headers(token))
        return [error["extensions"]["code"] for error in response.json().get("errors", ())]


@asynccontextmanager
async def open_production(file: Path, **settings: Any) -> AsyncIterator[Production]:
    """Serve a database that has the tokens, in production mode."""
    if not _prepared:
        _prepared.append(_Prepared(await _create_tokens(file), file))
    _prepared[0].copy_to(file)
    async with open_api(file, **{"production": True, **settings}) as api:
        yield Production(api, _prepared[0].tokens)


class _Prepared:
    """A database with tokens, made once for all tests."""

    def __init__(self, tokens: dict[str, str], file: Path) -> None:
        self.tokens = tokens
        self._content = file.read_bytes()

    def copy_to(self, file: Path) -> None:
        file.write_bytes(self._content)


_prepared: list[_Prepared] = []


async def _create_tokens(file: Path) -> dict[str, str]:
    async with open_api(file) as api:
        payloads = {
            "reader": await create_token(api, name="reader", scopes=["READ"]),
            "writer": await create_token(api, name="writer", scopes=["WRITE"]),
            "guest": await create_token(api, name="guest", scopes=["READ", "WRITE"], projectIds=["default"]),
            "admin": await create_token(api, name="admin", scopes=["ADMIN"]),
        }
    return {name: payload["secret"] for name, payload in payloads.items()}
