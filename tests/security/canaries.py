"""Requests that carry a canary, a text found nowhere else, in every place where a client can put one."""

import asyncio
import base64
import hmac
import json
import time
from collections.abc import Iterator
from itertools import count
from typing import Any, Final

import httpx2
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from tests.live_server import send_raw

FAULTS: Final = ("RAISE", "SQL", "SYNTAX", "HANG", "TASK", "none")
STREAM: Final = "text/event-stream"
START: Final = """mutation Start($input: StartSessionInput!) {
    startSession(input: $input) { session { id } problems { code message path } } }"""
SAVE: Final = """mutation Start($input: StartSessionInput!) { startSession(input: $input) {
    session { ... on FieldSession { data { name file { filename url } } } } problems { message } } }"""
WATCH: Final = "subscription Watch { activeSessions { __typename ... on SessionUpdate { session { __typename } } } }"


class Canaries:
    """Makes canaries, and remembers where each was sent."""

    def __init__(self) -> None:
        self.places: dict[str, str] = {}
        self._numbers = count(1000)

    def new(self, place: str) -> str:
        canary = f"Canary{next(self._numbers)}Zq7"
        self.places[canary] = place
        return canary

    def found_in(self, log: str) -> set[str]:
        """Return the places whose canaries are in a log, in any case."""
        text = log.lower()
        return {place for canary, place in self.places.items() if canary.lower() in text}


class Attacker:
    """A client of a live server that puts canaries everywhere."""

    def __init__(self, port: int, secret: str, jwt_secret: str, canaries: Canaries) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.secret = secret
        self.jwt_secret = jwt_secret
        self.canaries = canaries
        self.new = canaries.new
        self.statuses: list[int] = []

    def headers(self, **others: str) -> dict[str, str]:
        names = (
            *("Cookie", "Referer", "User-Agent", "X-Forwarded-For", "Forwarded", "Last-Event-ID", "Traceparent"),
            *("X-Request-Id", "X-Apollo-Operation-Name", "Apollographql-Client-Name", "X-Real-Ip", "If-None-Match"),
        )
        values = {name: self.new(f"header {name}") for name in names}
        return values | {"X-" + self.new("name of a header"): "1"} | {"Authorization": f"Bearer {self.secret}"} | others

    async def send(self, http: httpx2.AsyncClient, method: str = "POST", path: str = "/graphql", **options: Any) -> Any:
        options["headers"] = self.headers(**options.get("headers", {}))
        response = await http.request(method, self.url + path, **options)
        self.statuses.append(response.status_code)
        return response.json() if "json" in response.headers.get("content-type", "") else response.text

    async def run(self) -> None:
        async with httpx2.AsyncClient(timeout=30) as http, asyncio.timeout(60):
            await self.send_documents(http)
            await self.send_values(http)
            await self.send_credentials(http)
            await self.send_malformed(http)
            await self.fail_everywhere(http)
            await self.upload(http)
            await self.disconnect(http)

    async def send_documents(self, http: httpx2.AsyncClient) -> None:
        new = self.new
        for document in (
            f"# {new('comment')}\n{{ viewer {{ name }} }}",
            f"{{ {new('alias')}: viewer {{ name }} }}",
            f"{{ {new('unknown field')} }}",
            f"query {new('name of an invalid operation')} {{ nothing }}",
            f"{{ viewer {{ ...{new('fragment')} }} }}",
            f"query(${new('unused variable')}: String) {{ viewer {{ name }} }}",
            f"{{ viewer @{new('directive')} {{ name }} }}",
            f'{{ session(id: "{new("literal")}") {{ id }} }}',
            f'{{ session(id: "s_1", {new("argument")}: 1) {{ id }} }}',
            f"{{ sessions(orderBy: {new('enum value')}) {{ totalCount }} }}",
            f'{{ sessions(after: "{new("cursor")}") {{ totalCount }} }}',
            f"{{ {new('syntax error')}",
            f'{{ viewer {{ name }} }} "{new("rest")}"',
        ):
            for headers in ({}, {"Accept": STREAM}):
                await self.send(http, json={"query": document}, headers=headers)
            await self.send(http, "GET", params={"query": document})

    async def send_values(self, http: httpx2.AsyncClient) -> None:
        new = self.new
        common = {"externalId": new("externalId"), "idempotencyKey": new("idempotencyKey"), "path": [new("path")]}
        user = {"username": new("username"), "clientId": new("clientId") + "0123456789abcdef"}
        for extra in (
            {},
            {"metadata": {new("metadata key"): new("metadata value")}},
            {new("unknown input field"): 1},
            {"projectId": new("project")},
            {"timeoutSeconds": new("wrong type")},
            {"path": [new("long value") + "x" * 600]},
            {"previousId": new("previous")},
        ):
            variables = {"input": {**common, **extra, "variant": {"user": user}}}
            await self.send(http, json={"query": START, "variables": variables})
        extensions = {"persistedQuery": {"version": 1, "sha256Hash": new("hash")}, new("extension"): 1}
        await self.send(http, json={"extensions": extensions})
        await self.send(http, json={"documentId": new("document id")})
        await self.send(http, json={"query": "query A { __typename }", "operationName": new("unknown operation name")})
        for path in (f"/{new('path of a URL')}", f"/files/{new('file id')}?signature={new('signature')}&expires=1"):
            await self.send(http, "GET", path)
        for path in ("/livez", "/readyz", "/metrics", "/schema.graphql", "/", "/docs/domain.md"):
            await self.send(http, "GET", path, params={new("query parameter"): new("query value")})

    async def send_credentials(self, http: httpx2.AsyncClient) -> None:
        for scheme in ("Bearer", "Token", "JWT", "Basic", ""):
            for path in ("/graphql", "/metrics", "/schema.graphql"):
                credential = {"Authorization": f"{scheme} {self.new(f'credential {scheme}')}".strip()}
                method = "POST" if path == "/graphql" else "GET"
                await self.send(http, method, path, json={"query": "{ viewer { name } }"}, headers=credential)
            jwt = f"eyJhbGciOiJIUzI1NiJ9.{self.new('payload of a JWT')}.{self.new('signature of a JWT')}"
            await self.send(
                http, json={"query": "{ viewer { name } }"}, headers={"Authorization": f"{scheme} {jwt}".strip()}
            )

        for wrong in ({}, {"exp": 1}, {"aud": self.new("aud")}, {"iss": self.new("iss")}, {"scope": self.new("scope")}):
            claims = {"sub": self.new("sub"), "name": self.new("name"), self.new("claim"): 1, **wrong}
            for secret in (self.jwt_secret, "another secret of this length, at least"):
                credential = {"Authorization": f"Bearer {(jwt := sign(secret, **claims))}"}
                self.remember(jwt)
                await self.send(http, json={"query": "{ viewer { name } }"}, headers=credential)

    def remember(self, jwt: str) -> None:
        """Look for each part of a JSON Web Token in the log, too."""
        for part in jwt.split(".")[1:]:
            self.canaries.places[part] = "part of a JWT"

    async def send_malformed(self, http: httpx2.AsyncClient) -> None:
        new = self.new
        for body, content_type in (
            (f'{{"query": "{new("broken JSON")}', "application/json"),
            (f'"{new("JSON string")}"', "application/json"),
            (f"query={new('urlencoded')}", "application/x-www-form-urlencoded"),
            (new("plain text"), f"text/plain; charset={new('charset')}"),
            (f"--x\r\n{new('broken multipart')}", f"multipart/form-data; boundary={new('boundary')}"),
        ):
            headers = {"Content-Type": content_type, "GraphQL-Require-Preflight": "1"}
            await self.send(http, content=body.encode(), headers=headers)
        large = b"x" * 3_000_000 + new("large body").encode()
        await self.send(http, content=large, headers={"Content-Type": "application/json"})
        await self.send(http, "OPTIONS", headers={"Origin": f"https://{new('origin of a preflight')}.example.org"})
        await self.send(http, json={"query": "{ __typename }"}, headers={"Origin": f"https://{new('origin')}.example"})
        await self.send(http, json={"query": "{ __typename }"}, headers={"Host": new("host")})
        await self.send(http, json={"query": "{ __typename }"}, headers={"Accept": new("accept")})
        for raw in (
            f"GET / HTTP/1.1\r\nHost: localhost\r\n{new('bad header line')}\r\n\r\n",
            f"{new('method')} /{new('target')} HTTP/9.9\r\n\r\n",
            f"GET /{new('target')} HTTP/1.1\r\nHost: a\r\nHost: {new('second host')}\r\nConnection: close\r\n\r\n",
            f"GET / HTTP/1.1\r\nHost: localhost\r\nx: {new('large header')}{'y' * 70_000}\r\n\r\n",
            f"POST /graphql HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{new('bad chunk')}\r\n\r\n",
        ):
            self.statuses.append((await send_raw(self.port, raw.encode())).status)

    async def fail_everywhere(self, http: httpx2.AsyncClient) -> None:
        """Make resolvers fail, over each transport and for a query, a mutation and the events of a subscription."""
        requests = [
            {"query": document, "variables": {"id": f"{fault}-{self.new(f'{fault} in a {kind}')}"}}
            for kind, document in (
                ("query", "query Read($id: ID!) { session(id: $id) { id } }"),
                ("mutation", "mutation Stop($id: ID!) { stopSession(input: {id: $id}) { problems { code } } }"),
            )
            for fault in FAULTS
        ]
        calls = [self.send(http, json=request, headers=h) for request in requests for h in ({}, {"Accept": STREAM})]
        await asyncio.gather(*calls, self.use_websocket(requests), self.fail_events(http))

    async def use_websocket(self, requests: list[dict[str, Any]]) -> None:
        new = self.new
        for payload in (
            {"authorization": f"Bearer {self.secret}", new("name in connection_init"): new("connection_init")},
            {"authorization": f"Bearer {new('credential in connection_init')}"},
            {"authorization": {new("object as credential"): 1}},
        ):
            try:
                await self._converse(payload, requests)
            except WebSocketException:
                continue  # refused, as two of the three are

    async def _converse(self, payload: dict[str, Any], requests: list[dict[str, Any]]) -> None:
        url, protocols = f"ws://127.0.0.1:{self.port}/graphql?{self.new('query of a socket')}", ["graphql-transport-ws"]
        headers = self.headers()
        async with connect(url, subprotocols=[*map(Subprotocol, protocols)], additional_headers=headers) as socket:
            await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
            await socket.recv()
            for number, request in enumerate(requests):
                await socket.send(json.dumps({"id": str(number), "type": "subscribe", "payload": request}))
            ended: set[str] = set()
            while len(ended) < len(requests):
                message = json.loads(await socket.recv())
                if message["type"] in ("complete", "error"):
                    ended.add(message["id"])
            await socket.send(json.dumps({"type": self.new("type of a message"), "id": self.new("id of a message")}))
            await socket.wait_closed()

    async def fail_events(self, http: httpx2.AsyncClient) -> None:
        """Watch a session whose name makes the execution of its events fail."""
        name = f"RAISE {self.new('username in an event')}"
        variables = {"input": {"variant": {"user": {"username": name}}}}
        started = await self.send(http, json={"query": START, "variables": variables})
        document = "query A($id: ID!) { session(id: $id) { ... on UserSession { username } } }"
        id_ = started["data"]["startSession"]["session"]["id"]
        await self.send(http, json={"query": document, "variables": {"id": id_}})
        subscription = """subscription Watch { activeSessions { __typename ... on SessionSnapshot { sessions {
            ... on UserSession { username } } } } }"""
        request = {"query": subscription, "variables": {}}
        options: dict[str, Any] = {"json": request, "headers": self.headers(Accept=STREAM)}
        async with http.stream("POST", f"{self.url}/graphql", **options) as response:
            async for line in response.aiter_lines():
                if "errorId" in line:
                    break

    async def upload(self, http: httpx2.AsyncClient) -> None:
        field = {"unitId": self.new("unitId"), "data": [{"name": self.new("name of a point"), "file": None}]}
        operations = {"query": SAVE, "variables": {"input": {"variant": {"field": field}}}}
        for paths in (["variables.input.variant.field.data.0.file"], [f"variables.{self.new('path of a file')}"]):
            form = {
                "operations": (None, json.dumps(operations)),
                "map": (None, json.dumps({"0": paths})),
                "0": (self.new("name of a file"), self.new("content of a file"), "text/plain"),
            }
            await self.send(http, files=form, headers={"GraphQL-Require-Preflight": "1"})

    async def disconnect(self, http: httpx2.AsyncClient) -> None:
        request = {"query": "query A($id: ID!) { session(id: $id) { id } }"}
        variables = {"id": f"HANG-{self.new('request that is given up')}"}
        try:
            await http.post(
                f"{self.url}/graphql", json=request | {"variables": variables}, headers=self.headers(), timeout=0.2
            )
        except httpx2.TimeoutException:
            return


def sign(secret: str, **claims: Any) -> str:
    """Return a JSON Web Token of HS256 for the reader of `settings_with_canaries`."""
    now = int(time.time())
    common = {"iss": "https://id.example.org", "aud": "sessions", "exp": now + 600, "iat": now, "scope": "READ WRITE"}
    parts = [{"alg": "HS256", "typ": "JWT"}, common | claims]
    signed = b".".join(base64url(json.dumps(part).encode()) for part in parts)
    return (signed + b"." + base64url(hmac.digest(secret.encode(), signed, "sha256"))).decode()


def base64url(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")


def settings_with_canaries(canaries: Canaries) -> Iterator[tuple[dict[str, str], int]]:
    """Yield environments with canaries in secret settings, and the exit code of a start with each; 0: it serves."""
    signing_key = {"SIGNING_KEY": canaries.new("SIGNING_KEY") + "x" * 32, "JWT_SECRET": canaries.new("JWT_SECRET") * 3}
    signing_key |= {"JWT_ISSUER": "https://id.example.org", "JWT_AUDIENCE": "sessions", "JWT_PROJECTS": "*"}
    yield signing_key, 0
    # A store that cannot be reached: its errors have addresses.
    cloud = {name: canaries.new(name) for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")}
    store_url = f"s3://{canaries.new('user of STORE_URL')}:{canaries.new('password of STORE_URL')}@bucket/x"
    yield signing_key | cloud | {"STORE_URL": store_url, "AWS_ENDPOINT": "http://127.0.0.1:1"}, 0
    yield {"SIGNING_KEY": canaries.new("short SIGNING_KEY")}, 2
    yield {"JWT_SECRET": canaries.new("short JWT_SECRET"), "JWT_ISSUER": "https://a", "JWT_AUDIENCE": "a"}, 2
    key_set = {"JWT_JWKS": f"http://user:{canaries.new('password of JWT_JWKS')}@host/keys"}
    yield key_set | {"JWT_ISSUER": "https://a", "JWT_AUDIENCE": "a", "JWT_PROJECTS": "*"}, 2
    for url in ("ftp://{}:{}@host", "http://{}:{}@[", "s3://{}:{}"):
        yield {"STORE_URL": url.format(canaries.new("user of STORE_URL"), canaries.new("password of STORE_URL"))}, 2
    yield {"PUBLIC_URL": f"https://user:{canaries.new('password of PUBLIC_URL')}@host"}, 2
