"""Client that sends forms with files, and inspects what the server stored."""

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
from resolvers.blobs.leases import LEASE_MS
from tests.api_client import SESSION_FIELDS, ApiClient
from tests.transport.http.multipart_client import BOUNDARY, encode_form, encode_part

PNG: Final = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(60)
JPEG: Final = b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0" + bytes(60)

FILE_FIELDS: Final = "file { id filename contentType size sha256 url }"
FORM_FIELDS: Final = f"""... on FieldSession {{
    saved received created timezoneOffsetSeconds data {{ name value rawData {FILE_FIELDS} }} }}"""
PROBLEMS: Final = "problems { code message path }"


class FilePart(NamedTuple):
    content: bytes
    filename: str = "file.bin"
    content_type: str = ""


PointValue: TypeAlias = str | bytes | FilePart
PointValues: TypeAlias = Mapping[str, PointValue]


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def point_input(name: str, value: PointValue) -> dict[str, Any]:
    """Build a DataPointInput; the file itself travels in its own part."""
    match value:
        case FilePart():
            return {"name": name, "file": None}
        case str():
            return {"name": name, "value": value}
    return {"name": name, "rawData": b64encode(value).decode()}


def multipart_body(document: str, input_values: Mapping[str, Any], data_prefix: str, points: PointValues) -> bytes:
    """Build a multipart request for an operation whose input has data points at `data_prefix`."""
    sent = [(str(number), value) for number, value in enumerate(points.values()) if isinstance(value, FilePart)]
    file_map = {number: [f"variables.input.{data_prefix}data.{number}.file"] for number, _ in sent}
    files = [
        encode_part(number, file.content, *_content_type_header(file), filename=file.filename) for number, file in sent
    ]
    return encode_form({"query": document, "variables": {"input": input_values}}, file_map, *files)


def _content_type_header(file: FilePart) -> Sequence[str]:
    return [f"Content-Type: {file.content_type}"] if file.content_type else []


HEADERS: Final = {"content-type": f"multipart/form-data; boundary={BOUNDARY}", "graphql-require-preflight": "1"}


def start_body(
    points: PointValues, fields: str = FORM_FIELDS, *, field: Mapping[str, Any] | None = None, **common: Any
) -> bytes:
    variant = {"unitId": "u1", **(field or {}), "data": [point_input(name, value) for name, value in points.items()]}
    document = f"""mutation($input: StartSessionInput!) {{ startSession(input: $input) {{
        session {{ {SESSION_FIELDS} {fields} }} created {PROBLEMS} }} }}"""
    return multipart_body(document, {**common, "variant": {"field": variant}}, "variant.field.", points)


def save_body(session_id: str, points: PointValues, fields: str = FORM_FIELDS, **input_values: Any) -> bytes:
    document = f"""mutation($input: SaveFieldDataInput!) {{ saveFieldData(input: $input) {{
        session {{ {SESSION_FIELDS} lastSeenAt visibleSeconds {fields} }} {PROBLEMS} }} }}"""
    data = [point_input(name, value) for name, value in points.items()]
    return multipart_body(document, {"id": session_id, **input_values, "data": data}, "", points)


class FormClient:
    def __init__(self, api: ApiClient, store_path: Path) -> None:
        self.api = api
        self.folder = store_path
        """Where the server keeps files."""
        self.blob_store: Any = api.app.state.services.uploader.blob_store

    async def send(self, body: bytes) -> dict[str, Any]:
        response = await self.api.http.post("/graphql", content=body, headers=HEADERS)
        answer: dict[str, Any] = response.json()
        return answer

    async def start(self, points: PointValues, **options: Any) -> dict[str, Any]:
        return payload(await self.send(start_body(points, **options)))

    async def started(self, points: PointValues, **options: Any) -> dict[str, Any]:
        """Start a form. It must succeed."""
        return _without_problems(await self.start(points, **options))

    async def save(self, session_id: str, points: PointValues, **options: Any) -> dict[str, Any]:
        return payload(await self.send(save_body(session_id, points, **options)))

    async def saved(self, session_id: str, points: PointValues, **options: Any) -> dict[str, Any]:
        """Save data points. It must succeed."""
        return _without_problems(await self.save(session_id, points, **options))

    async def assert_unavailable(self, body: bytes) -> None:
        """Send a command that the server must refuse for now."""
        (error,) = (await self.send(body))["errors"]
        assert (error["extensions"]["code"], error["extensions"]["retryable"]) == ("SERVICE_UNAVAILABLE", True)

    async def form(self, session_id: str) -> dict[str, Any]:
        """Read the values of a form by the names of its data points."""
        return values_by_name(await self.api.session(session_id, FORM_FIELDS))

    async def fetch(self, url: str, method: str = "GET", **headers: str) -> httpx2.Response:
        sent_headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.api.http.request(method, url, headers=sent_headers)

    async def collect_garbage(self, seconds: float = LEASE_MS / SECOND) -> None:
        """Advance the clock beyond all leases and collect."""
        await self.api.advance(seconds)
        await self.api.app.state.collector.collect()

    def stored_digests(self) -> set[str]:
        return {sha256(path.read_bytes()) for path in stored_files(self.folder)}

    async def row_counts(self) -> dict[str, int]:
        counts: dict[str, int] = await self.api.app.state.services.database.read(_count_rows)
        return counts


def _count_rows(tx: Connection) -> dict[str, int]:
    tables_by_name = {"stored_file": tables.blob, "attachment": tables.attachment}
    return {name: tx.execute(select(func.count()).select_from(t)).scalar_one() for name, t in tables_by_name.items()}


def stored_files(folder: Path) -> list[Path]:
    """List the files of a local blob store, partial uploads included."""
    return [path for path in folder.rglob("*") if path.is_file()]


def _without_problems(answer: Mapping[str, Any]) -> dict[str, Any]:
    assert answer["problems"] == []
    session: dict[str, Any] = answer["session"]
    return session


def payload(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Unwrap the payload of a mutation that must have no errors."""
    assert "errors" not in answer, answer["errors"]
    (found,) = answer["data"].values()
    assert isinstance(found, dict)
    return found


def values_by_name(session: Mapping[str, Any]) -> dict[str, Any]:
    return {point["name"]: point["file"] or point["value"] or point["rawData"] for point in session["data"]}


def error_code(answer: Mapping[str, Any]) -> str:
    (error,) = answer["errors"]
    code: str = error["extensions"]["code"]
    return code


def problem_paths(answer: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(problem["code"], ".".join(problem["path"])) for problem in answer["problems"]]
