"""A database with rows in every table, and ways to break a copy of it."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from tests.api_client import ApiClient, open_api
from tests.blobs.form_client import JPEG, PNG, FilePart, FormClient
from tests.media.player_client import start_player

PAGE_BYTES: Final = 4096


async def create_populated(file: Path) -> None:
    """Create a database, and its files, with rows in every table."""
    async with open_api(file) as api:
        await _populate(api, FormClient(api, file.with_name(f"{file.name}.files")))


async def _populate(api: ApiClient, device: FormClient) -> None:
    await api.execute('mutation { createProject(input: {id: "p"}) { project { id } problems { code } } }')
    await api.execute('mutation { createToken(input: {name: "t", scopes: [READ]}) { secret problems { code } } }')
    for number in range(3):
        user = await api.start_user(f"user {number}", path=["home"], idempotencyKey=f"key {number}")
        await api.advance(20)
        await api.mutate("keepaliveSession", {"id": user["id"], "path": ["home", f"page {number}"]})
        await api.advance(20)
        if number:
            await api.mutate("stopSession", {"id": user["id"]})
    talk = {"guide": 1, "name": "Talk", "scheduleTracks": [3, 4, 4]}
    await api.start_session("agenda", talk | {"startTime": "2026-05-28T00:00:00Z"}, path=[])
    await api.start_session("agenda", talk | {"startTime": "2999-01-01T00:00:00Z"})
    app = await api.start_session("client", {"clientSystem": "iOS", "deviceId": "d"})
    await api.mutate("stopSession", {"id": app["id"]})
    await _watch(api)
    form = await device.started({"a": FilePart(PNG), "b": FilePart(JPEG), "c": "text", "d": b"raw"})
    await device.started({"a": FilePart(JPEG)}, field={"uuid": "f"})
    await device.started({"a": FilePart(JPEG), "b": "text"}, field={"uuid": "f"})
    await api.mutate("stopSession", {"id": form["id"]})
    await api.delete((await api.start_user("deleted"))["id"])


async def _watch(api: ApiClient) -> None:
    player = await start_player(api)
    await player.send((1, "PLAY", 1), (5, "PING", 5), (9, "PAUSE_START", 9))
    await api.mutate("stopSession", {"id": player.id})


def copy_database(source: Path, target: Path) -> Path:
    """Copy a database that no server uses, with its files."""
    shutil.copy(source, target)
    target.with_name(f"{target.name}.lock").touch()
    shutil.copytree(f"{source}.files", f"{target}.files")
    return target


def root_pages(file: Path) -> dict[str, int]:
    """Return the number of the first page of every table and index."""
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as db:
        return dict(db.execute("SELECT name, rootpage FROM sqlite_master WHERE rootpage > 0"))


def overwrite(file: Path, offset: int, content: bytes) -> None:
    with file.open("r+b") as opened:
        opened.seek(offset)
        opened.write(content)


def break_page(file: Path, number: int, content: bytes = b"\xff" * PAGE_BYTES) -> None:
    overwrite(file, (number - 1) * PAGE_BYTES, content)
