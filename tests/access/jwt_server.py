"""A server that accepts JSON Web Tokens, and requests with them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from tests.access.identity_provider import SETTINGS, key_set, signer
from tests.access.tokens import VIEWER, ask
from tests.api_client import ApiClient, open_api

REFUSED: Final = "the credential is not valid: it is unknown, has expired or was revoked"
PUBLIC_ALGORITHMS: Final = ("RS256", "RS512", "PS256", "ES256", "ES384", "ES512", "EdDSA")
ES256: Final = signer("es256", "ES256")
RS256: Final = signer("rs256", "RS256")


@asynccontextmanager
async def server(tmp_path: Path, **settings: Any) -> AsyncIterator[ApiClient]:
    """A server with the keys of all algorithms, in a file."""
    file = tmp_path / "keys.json"
    file.write_text(key_set(*(signer(algorithm.lower(), algorithm) for algorithm in PUBLIC_ALGORITHMS)))
    async with open_api(tmp_path / "test.db", **{"jwt_jwks": str(file), **SETTINGS, **settings}) as api:
        yield api


async def viewer(api: ApiClient, token: str) -> dict[str, Any]:
    answer = await ask(api, VIEWER, f"Bearer {token}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["data"]["viewer"]
    return found


async def assert_refused(api: ApiClient, token: str) -> None:
    """Check that an answer says no more than that of any other wrong credential."""
    answer = await ask(api, VIEWER, f"Bearer {token}")
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["message"], error["extensions"]) == (401, REFUSED, {"code": "UNAUTHENTICATED"})
