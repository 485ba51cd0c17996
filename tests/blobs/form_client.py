"""Forms with files, as a device sends them, and what becomes of the files."""

import hashlib
from base64 import b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import httpx2
from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from models import tables
from models.clock import SECOND
from resolvers.blobs.leases import GRACE
from tests.api_client import SHOWN, World
from tests.transport.http.multipart_client import BOUNDARY, form, part

PNG: Final = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(60)
JPEG: Final = b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0" + bytes(60)

FILE: Final = "file { id filename contentType size sha256 url }"
FORM: Final = (
    f"... on FieldSession {{ saved received created timezoneOffsetSeconds data {{ name value rawData {FILE} }} }}"
)
PROBLEMS: Final = "problems { code message path }"


class Sent(NamedTuple):
    """A file that a device sends."""

    content: bytes
    filename: str = "file.bin"
    content_type: str = ""


Value: TypeAlias = str | bytes | Sent
Points: TypeAlias = Mapping[str, Value]


def sha256(content: bytes) -> str:
    """In hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def point(name: str, value: Value) -> dict[str, Any]:
    """A data point of an input; that of a file has null in its place."""
    if isinstance(value, Sent):
        return {"name": name, "file": None}
    return (
        {"name": name, "value": value}
        if isinstance(value, str)
        else {"name": name, "rawData": b64encode(value).decode()}
    )


def body_of(document: str, given: Mapping[str, Any], place: str, points: Points) -> bytes:
    """The multipart body of an operation whose input has data points at a place."""
    places = {
        str(number): [f"variables.input.{place}data.{number}.file"]
        for number, value in enumerate(points.values())
        if isinstance(value, Sent)
    }
    files = [
        part(str(number), value.content, *_typed(value), filename=value.filename)
        for number, value in enumerate(points.values())
        if isinstance(value, Sent)
    ]
    return form({"query": document, "variables": {"input": given}}, places, *files)


def _typed(file: Sent) -> Sequence[str]:
    return [f"Content-Type: {file.content_type}"] if file.content_type else []


HEADERS: Final = {"content-type": f"multipart/form-data; boundary={BOUNDARY}", "graphql-require-preflight": "1"}


def start_body(points: Points, fields: str = FORM, *, field: Mapping[str, Any] | None = None, **common: Any) -> bytes:
    """The body of a start of a FIELD session."""
    variant = {"unitId": "u1", **(field or {}), "data": [point(name, value) for name, value in points.items()]}
    document = f"""mutation($input: StartSessionInput!) {{ startSession(input: $input) {{
        session {{ {SHOWN} {fields} }} created {PROBLEMS} }} }}"""
    return body_of(document, {**common, "variant": {"field": variant}}, "variant.field.", points)


def save_body(session_id: str, points: Points, fields: str = FORM, **given: Any) -> bytes:
    """The body of a saveFieldData."""
    document = f"""mutation($input: SaveFieldDataInput!) {{ saveFieldData(input: $input) {{
        session {{ {SHOWN} lastSeenAt visibleSeconds {fields} }} {PROBLEMS} }} }}"""
    data = [point(name, value) for name, value in points.items()]
    return body_of(document, {"id": session_id, **given, "data": data}, "", points)


class Device:
    """Sends forms to a server, and looks at what became of their files."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.folder = folder
        """Where the server keeps files."""

    async def send(self, body: bytes) -> dict[str, Any]:
        """The whole answer to a multipart request."""
        response = await self.world.client.post("/graphql", content=body, headers=HEADERS)
        answer: dict[str, Any] = response.json()
        return answer

    async def start(self, points: Points, **options: Any) -> dict[str, Any]:
        """The payload of a start."""
        return payload(await self.send(start_body(points, **options)))

    async def started(self, points: Points, **options: Any) -> dict[str, Any]:
        """The session of a start that must succeed."""
        answer = await self.start(points, **options)
        assert answer["problems"] == []
        session: dict[str, Any] = answer["session"]
        return session

    async def save(self, session_id: str, points: Points, **options: Any) -> dict[str, Any]:
        """The payload of a saveFieldData."""
        return payload(await self.send(save_body(session_id, points, **options)))

    async def saved(self, session_id: str, points: Points, **options: Any) -> dict[str, Any]:
        """The session of a saveFieldData that must succeed."""
        answer = await self.save(session_id, points, **options)
        assert answer["problems"] == []
        session: dict[str, Any] = answer["session"]
        return session

    async def form(self, session_id: str) -> dict[str, Any]:
        """The data points of a session by name, each as its value."""
        session = await self.world.session(session_id, FORM)
        return by_name(session)

    async def fetch(self, url: str, method: str = "GET", **headers: str) -> httpx2.Response:
        """What an address leads to."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.world.client.request(method, url, headers=named)

    async def collect(self, seconds: float = GRACE / SECOND) -> None:
        """Let claims run out, and collect."""
        await self.world.advance(seconds)
        await self.world.app.state.collector.collect()

    def contents(self) -> set[str]:
        """The SHA-256 of what is in the object store."""
        return {sha256(path.read_bytes()) for path in stored(self.folder)}

    async def rows(self) -> dict[str, int]:
        """How many rows there are of contents and of attachments."""
        counts: dict[str, int] = await self.world.app.state.services.database.read(_counts)
        return counts


def _counts(tx: Connection) -> dict[str, int]:
    found = {"stored_file": tables.stored_file, "attachment": tables.attachment}
    return {name: tx.execute(select(func.count()).select_from(table)).scalar_one() for name, table in found.items()}


def stored(folder: Path) -> list[Path]:
    """All files in the folder that is an object store, whole or not."""
    return [path for path in folder.rglob("*") if path.is_file()]


def payload(answer: Mapping[str, Any]) -> dict[str, Any]:
    """What a mutation without errors answers."""
    assert "errors" not in answer, answer["errors"]
    (found,) = answer["data"].values()
    assert isinstance(found, dict)
    return found


def by_name(session: Mapping[str, Any]) -> dict[str, Any]:
    """The data points of a session by name, each as its value."""
    return {each["name"]: each["file"] or each["value"] or each["rawData"] for each in session["data"]}


def code_of(answer: Mapping[str, Any]) -> str:
    """The code of the one error that an answer must have."""
    (error,) = answer["errors"]
    code: str = error["extensions"]["code"]
    return code


def told(answer: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The code and place of each problem of a payload."""
    return [(problem["code"], ".".join(problem["path"])) for problem in answer["problems"]]
