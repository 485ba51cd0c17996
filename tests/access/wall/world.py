"""Two projects with one object of every type each, on either side of the wall."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from models import tables
from models.database import Transaction
from models.enums import Kind
from resolvers.access import Caller
from resolvers.feed import resume
from resolvers.feed.queries import SessionScope
from resolvers.feed.resume import LogPosition
from resolvers.filters import Filter
from resolvers.pagination import cursors
from tests.access.tokens import create_token
from tests.api.session_inputs import MEDIA, create_project
from tests.api_client import ApiClient, open_api
from tests.blobs.form_client import PNG, FilePart, FormClient, PointValues

OURS: Final = "wall-ours-"
THEIRS: Final = "wallbeyond"
"""Ids of projects, and part of every text of theirs."""
NOBODYS: Final = "wallnobody"
"""As long: names nothing."""
KINDS: Final = tuple(kind.lower() for kind in Kind)
NO_LIMITS: Final = {
    "selections": 50_000,
    "tokens": 50_000,
    "merges": 500_000,
    "depth": 100,
    "cost": 10_000_000,
    "aliases": 1_000,
    "socket_operations": 10_000,
    "message_rate": 1e9,
    "overload_wait_seconds": 1e9,
    "overload_lag_seconds": 1e9,
}
"""The selections of the wall's tests are larger than those of clients."""


@dataclass
class Side:
    """A project, its tokens and its objects."""

    name: str
    tokens: dict[str, dict[str, Any]]
    """By their scopes: READ, WRITE, ADMIN, and ALL together."""
    sessions: dict[str, str] = field(default_factory=dict)
    """Ids by kind, of sessions that continue earlier ones."""
    activity: str = ""
    attachment: str = ""
    deleted: str = ""
    """Id of a session that was deleted: a target of the audit log."""
    audit_entry: str = ""
    cursors: dict[str, str] = field(default_factory=dict)
    """By the lists that they are of."""

    def authorization(self, scopes: str = "ALL") -> str:
        return f"Bearer {self.tokens[scopes]['secret']}"

    @property
    def authorizations(self) -> set[str]:
        return {self.authorization(scopes) for scopes in self.tokens}

    @property
    def token(self) -> str:
        id_: str = self.tokens["READ"]["token"]["id"]
        return id_


@dataclass
class World:
    api: ApiClient
    ours: Side
    theirs: Side
    their_ids: frozenset[str]
    sessions: frozenset[str]

    async def undo_starts(self) -> None:
        """Delete the sessions that are not of the world."""
        for id_ in await self.api.app.state.services.database.read(_session_ids) - self.sessions:
            await self.api.delete(id_)


@asynccontextmanager
async def open_world(folder: Path) -> AsyncIterator[World]:
    file = folder / "test.db"
    async with open_api(file, insecure=True, limits=NO_LIMITS) as api:
        device = FormClient(api, folder / "test.db.files")
        ours, theirs = [await build_side(api, device, name) for name in (OURS, THEIRS)]
        read = api.app.state.services.database.read
        yield World(api, ours, theirs, await read(_read_ids, THEIRS), await read(_session_ids))


def _session_ids(tx: Transaction) -> frozenset[str]:
    return frozenset(tx.execute(select(tables.session.c.id)).scalars())


def _read_ids(tx: Transaction, project_id: str) -> frozenset[str]:
    of_session = tables.session.c.project_id == project_id
    sessions = tx.execute(select(tables.session.c.id).where(of_session)).scalars().all()
    log = tx.execute(select(tables.activity.c.id).where(tables.activity.c.project_id == project_id)).scalars()
    files = select(tables.attachment.c.id).where(tables.attachment.c.session_id.in_(sessions))
    return frozenset([*sessions, *log, *tx.execute(files).scalars()])


async def build_side(api: ApiClient, device: FormClient, name: str) -> Side:
    await create_project(api, name, name=name)
    all_scopes = ["READ", "WRITE", "ADMIN"]
    by_name = {"ALL": all_scopes, **{scope: [scope] for scope in all_scopes}}
    side = Side(
        name,
        {
            key: await create_token(api, name=f"{name} {key}", scopes=scopes, projectIds=[name])
            for key, scopes in by_name.items()
        },
    )
    api.http.headers["authorization"] = side.authorization()
    for number, kind in enumerate(KINDS):
        first = await start(api, side, kind, f"{name}-first-{kind}")
        await api.execute("mutation($id: ID!) { stopSession(input: {id: $id}) { problems { code } } }", id=first)
        side.sessions[kind] = await start(api, side, kind, f"{name}-{kind}", previousId=first)
        await api.advance(number + 1)
        await api.mutate("keepaliveSession", {"id": side.sessions[kind], "path": [name, kind]})
    await api.mutate("trackMedia", {"id": side.sessions["media"], "events": [event()]})
    points: PointValues = {"text": name, "long": name * 200, "raw": name.encode(), "file": FilePart(PNG, f"{name}.png")}
    form = await device.saved(side.sessions["field"], points)
    side.attachment = next(point["file"]["id"] for point in form["data"] if point["file"])
    side.activity = (await api.execute("{ activities(last: 1) { nodes { id } } }"))["nodes"][0]["id"]
    side.cursors = await read_cursors(api) | resume_tokens(api, side)
    # The position of an activity that was deleted, between the same activities of others.
    deleted = await start(api, side, "user", f"{name}-deleted")
    side.cursors["deleted activity"] = (await api.execute("{ activities(last: 1) { nodes { cursor } } }"))["nodes"][0][
        "cursor"
    ]
    await api.delete(deleted)
    side.deleted = deleted
    entry = (await api.execute("{ auditLog(first: 1) { edges { cursor node { id } } } }"))["edges"][0]
    side.audit_entry, side.cursors["auditLog"] = entry["node"]["id"], entry["cursor"]
    del api.http.headers["authorization"]
    return side


def variant(kind: str, text: str) -> dict[str, Any]:
    """Return the input of a session whose every text has `text` in it."""
    by_kind: dict[str, dict[str, Any]] = {
        "client": {"clientSystem": text, "clientType": text, "deviceId": text[:36]},
        "agenda": {"guide": 7, "name": text, "descriptionHtml": text, "importId": text},
        "media": {**MEDIA, "mediaId": text, "channel": text, "contentType": text, "visitorId": text, "mediaName": text},
        "field": {"unitId": text, "uuid": text, "data": []},
        "user": {"username": text, "clientId": text + "x" * 16},
    }
    return by_kind[kind] | ({"startTime": "2026-05-28T20:00:00Z"} if kind == "agenda" else {})


async def start(api: ApiClient, side: Side, kind: str, text: str, **common: Any) -> str:
    has_own_name = kind in ("agenda", "field")
    values = {
        **({} if has_own_name else {"externalId": text}),
        "idempotencyKey": text,
        "metadata": {"of": text},
        "path": [side.name],
        **common,
    }
    started = await api.start_session(kind, variant(kind, text), **values)
    id_: str = started["id"]
    return id_


def event(**changes: Any) -> dict[str, Any]:
    player_time = {"playhead": 1, "ts": "2026-05-28T20:26:41Z"}
    return {"type": "PLAY", "playerTime": player_time} | changes


async def read_cursors(api: ApiClient) -> dict[str, str]:
    """Read a cursor of each list, as the caller of the headers."""
    found: Mapping[str, Any] = await api.execute(
        """query { sessions(first: 1) { edges { cursor } } activities(first: 3) { edges { cursor } }
            projects(first: 1) { edges { cursor node { sessions(first: 1) { edges { cursor } } } } }
            tokens(first: 1) { edges { cursor } } }"""
    )
    by_list = {name: connection["edges"][-1]["cursor"] for name, connection in found.items()}
    return by_list | {"project": found["projects"]["edges"][0]["node"]["sessions"]["edges"][0]["cursor"]}


def resume_tokens(api: ApiClient, side: Side) -> dict[str, str]:
    """Make a resume token of the side's set of active sessions, and one of a set that is no caller's."""
    caller = Caller("", "", frozenset(), frozenset({side.name}))
    fingerprints = SessionScope(caller, Filter.parse({"active": True})).fingerprint, cursors.fingerprint("no set")
    database_id, position = api.app.state.services.database.database_id, LogPosition(1, api.clock.now())
    known, unknown = (resume.set_token(database_id, fingerprint, position) for fingerprint in fingerprints)
    return {"set": known, "no set": unknown}


def altered(cursor: str, ending: Any) -> str:
    """Return a cursor whose last value is another."""
    list_id, *values = cursors._load(cursor)
    return cursors.encode(list_id, (*values[:-1], ending))
