"""/livez and /readyz: whether the process answers, and whether it can serve."""

import pytest
from sqlalchemy import text
from sqlalchemy.engine import Connection

from models.errors import StorageUnavailable
from tests.api_client import ApiClient


async def probe(api: ApiClient) -> tuple[int, str]:
    """Return the response of /readyz. /livez always answers ok."""
    alive = await api.http.get("/livez")
    assert (alive.status_code, alive.text) == (200, "ok\n")
    response = await api.http.get("/readyz")
    return response.status_code, response.text


def _set_schema_version(tx: Connection, version: str) -> None:
    tx.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})


async def test_running_server_is_alive_and_ready(api: ApiClient) -> None:
    assert await probe(api) == (200, "ready\n")


async def test_database_of_another_version_is_not_ready(api: ApiClient) -> None:
    await api.app.state.services.database.write(_set_schema_version, "0000")
    assert await probe(api) == (503, "not ready\n")


async def test_unreadable_database_is_not_ready(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail() -> bool:
        raise StorageUnavailable("gone")

    monkeypatch.setattr(api.app.state.services.database, "is_ready", fail)
    assert await probe(api) == (503, "not ready\n")


async def test_probes_take_only_get_and_head(api: ApiClient) -> None:
    assert (await api.http.head("/livez")).status_code == 200
    assert (await api.http.post("/readyz")).status_code == 405


async def test_stopping_server_is_not_ready(api: ApiClient) -> None:
    await api.app.state.streams.close(0)
    assert await probe(api) == (503, "not ready\n")
