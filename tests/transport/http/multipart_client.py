"""A schema with uploads, and a client that sends multipart bodies."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any, BinaryIO, Final

import httpx2
import orjson
from graphql import GraphQLObjectType, GraphQLSchema, build_schema
from starlette.routing import Route

from transport import Access, Application, GraphQLEndpoint, TransportSettings
from transport.uploads import Upload

BOUNDARY: Final = "----boundary"
SDL: Final = """
scalar Upload
scalar JSON
type Query { hello: String }
type Mutation {
  read(file: Upload, files: [Upload], grid: [[Upload!]!], box: Box, boxes: [Box!], json: JSON, text: String): [File!]!
}
type Subscription { ticks(file: Upload): Int }
input Box { file: Upload, files: [Upload!], json: JSON, box: Box }
type File { filename: String! contentType: String! size: Int! sha256: String! text: String! }
"""
READ_ONE: Final = "mutation($file:Upload){read(file:$file){filename contentType size sha256 text}}"
READ_MANY: Final = "mutation($files:[Upload]){read(files:$files){filename text}}"


class UploadRecorder:
    """Records the uploads that resolvers receive."""

    def __init__(self) -> None:
        self.uploads: list[Upload] = []
        self.calls = 0
        self.keep_open = False
        self.opened: list[BinaryIO] = []

    def read(self, _root: Any, _info: Any, **arguments: Any) -> list[dict[str, Any]]:
        """Resolve `Mutation.read` with all files in the arguments."""
        self.calls += 1
        found = list(uploads_in(arguments))
        self.uploads += found
        self.opened += [upload.open() for upload in found for _ in range(2) if self.keep_open]
        return [self.describe(upload) for upload in found]

    @staticmethod
    def describe(upload: Upload) -> dict[str, Any]:
        with upload.open() as content:
            text = content.read().decode("utf-8", "replace")
        return {
            "filename": upload.filename,
            "contentType": upload.content_type,
            "size": upload.size,
            "sha256": upload.sha256,
            "text": text[:100],
        }

    def schema(self) -> GraphQLSchema:
        built = build_schema(SDL)
        mutation = built.mutation_type
        assert isinstance(mutation, GraphQLObjectType)
        mutation.fields["read"].resolve = self.read
        return built

    def app(self, settings: TransportSettings | None = None) -> Application:
        endpoint = GraphQLEndpoint(self.schema(), Access(lambda _: nullcontext()), settings)
        return Application(endpoint.settings, [Route("/graphql", endpoint)])


def uploads_in(value: Any) -> list[Upload]:
    if isinstance(value, Upload):
        return [value]
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [upload for child in children for upload in uploads_in(child)]


def encode_part(name: str, content: bytes, *headers: str, filename: str | None = None) -> bytes:
    named = f'; filename="{filename}"' if filename is not None else ""
    headers_and_name = [f'Content-Disposition: form-data; name="{name}"{named}', *headers]
    return f"--{BOUNDARY}\r\n".encode() + "\r\n".join(headers_and_name).encode() + b"\r\n\r\n" + content + b"\r\n"


def encode_body(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def encode_form(operations: Any, map_: Any, *files: bytes) -> bytes:
    """Encode the body of an operation; files are encoded parts."""
    return encode_body(encode_part("operations", to_json(operations)), encode_part("map", to_json(map_)), *files)


def to_json(value: Any) -> bytes:
    return value if isinstance(value, bytes) else orjson.dumps(value)


def read_operation(query: str = READ_ONE, **variables: Any) -> dict[str, Any]:
    return {"query": query, "variables": variables}


def encode_one_file(content: bytes, **options: Any) -> bytes:
    return encode_form(read_operation(file=None), {"0": ["variables.file"]}, encode_part("0", content, **options))


OPERATION: Final = read_operation(file=None)
FILE_MAP: Final = {"0": ["variables.file"]}
FILE_PART: Final = encode_part("0", b"x", filename="a")


class UploadClient:
    def __init__(self, http: httpx2.AsyncClient) -> None:
        self.http = http

    async def send(
        self, body: bytes | AsyncIterator[bytes], headers: Mapping[str, str] | None = None, **more: str
    ) -> httpx2.Response:
        """POST a multipart body with the preflight header."""
        sent = {
            "content-type": f'multipart/form-data; boundary="{BOUNDARY}"',
            "accept": "application/graphql-response+json",
            "graphql-require-preflight": "1",
        }
        return await self.http.post("/graphql", content=body, headers=sent | dict(headers or {}) | more)


@asynccontextmanager
async def open_upload_client(
    recorder: UploadRecorder, settings: TransportSettings | None = None
) -> AsyncIterator[UploadClient]:
    transport = httpx2.ASGITransport(app=recorder.app(settings))
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as http:
        yield UploadClient(http)


def count_open_files() -> int:
    """Count the open files of this process."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())
