"""Two servers with equal databases, and the values that documents can name."""

import secrets
import shutil
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final
from unittest.mock import patch

from models.clock import HOUR, MINUTE
from models.database import Database
from models.enums import Kind, Scope
from models.tables.rows import Activity
from resolvers.access import LOCAL_ADMIN, Caller
from tests.api_client import ApiClient, open_api
from tests.database.populated import create_populated
from tests.factories import NOW, activity_row, data_point_row, ended_row, insert, path_row, project_row, session_row
from tests.transport.executor.completion_order import CompletionOrder, keyed_random

CALLERS: Final = (
    *[LOCAL_ADMIN] * 12,
    Caller("t1", "reader", frozenset({Scope.READ}), frozenset({"p1", "default"})),
    Caller("t2", "writer", frozenset({Scope.WRITE}), frozenset({"default"})),
    Caller("t3", "admin", frozenset({Scope.ADMIN}), frozenset({"p1"})),
    Caller("t4", "nobody", frozenset(), None),
)
UNKNOWN_IDS: Final = tuple(prefix + "x" * 22 for prefix in ("s_", "a_", "t_", "e_"))
PATHS: Final[tuple[list[str], ...]] = ([], ["home"], ["home", "talks"], ["home", "talks", "7"], ["settings"])


@contextmanager
def repeatable_ids(seed: str) -> Iterator[None]:
    """Make the same random ids each time."""
    random = keyed_random(seed, "ids")

    def token_hex(size: int = 16) -> str:
        return random.randbytes(size).hex()

    def token_urlsafe(size: int = 16) -> str:
        return "".join(random.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=22 if size == 16 else 43))

    with (
        patch.object(secrets, "token_hex", token_hex),
        patch.object(secrets, "token_urlsafe", token_urlsafe),
        patch.object(secrets, "choice", random.choice),
        patch.object(uuid, "uuid4", lambda: uuid.UUID(bytes=random.randbytes(16))),
    ):
        yield


async def create_database(file: Path) -> list[Any]:
    """Create a database with sessions of all kinds and states in three projects. Returns most of its rows."""
    with repeatable_ids("database"):
        await create_populated(file)
        rows = list(_rows(keyed_random("database", "rows")))
        async with open_api(file) as api:
            await insert(api.app.state.services.database, *rows)
        for position, row in enumerate(rows):
            if isinstance(row, Activity):
                row.position = position
        return rows


def _rows(random: Random) -> Iterator[Any]:
    yield project_row("p1")
    yield project_row("p2")
    previous = None
    for _ in range(60):
        kind = random.choice(list(Kind))
        started_at = NOW - random.randrange(40) * MINUTE if kind != Kind.AGENDA else NOW + random.randint(-3, 3) * HOUR
        changes: dict[str, Any] = {
            "project_id": random.choice(["default", "default", "p1", "p1", "p2"]),
            "started_at": started_at,
            "path": random.choice(PATHS),
            "visible": random.random() < 0.7,
            "visible_ms": random.randrange(5) * MINUTE,
            "meta": random.choice([{}, {"a": 1}, {"é": [None, {"b": "\u2028"}]}]),
        }
        if random.random() < 0.3:
            changes["previous_id"] = previous
        make = ended_row if kind != Kind.AGENDA and random.random() < 0.4 else session_row
        visited = random.sample(PATHS, k=random.randint(0, 2))
        changes["path_count"] = len(visited)
        s = make(kind, **changes)
        previous = s.id
        yield s
        for type_ in random.sample(["STARTED", "MOVED", "HIDDEN", "SHOWN"], k=random.randint(0, 3)):
            yield activity_row(s, type_, data=random.choice([{}, {"path": ["x"]}]))
        for path in visited:
            yield path_row(s, path, random.randrange(1, 9) * 1_000)
        if kind == Kind.FIELD:
            for position in range(4):
                yield data_point_row(s, f"q{position}", position, "x" * random.choice([1, 2_000]))


@dataclass
class Names:
    """What documents name."""

    ids: list[str] = field(default_factory=lambda: ["default", "p", "p1", "p2", "nothing", "", *UNKNOWN_IDS])
    cursors: dict[str, list[str]] = field(default_factory=dict)
    """By the list that they belong to, without arguments."""


async def read_names(api: ApiClient) -> Names:
    names = Names()
    page = "edges { cursor node { id } }"
    lists = ("sessions", "activities", "tokens", "auditLog", "projects")
    found = await api.execute(f"{{ {' '.join(f'{each} {{ {page} }}' for each in lists)} }}")
    for each in lists:
        names.cursors[each] = [edge["cursor"] for edge in found[each]["edges"]]
        names.ids += [edge["node"]["id"] for edge in found[each]["edges"]]
    return names


@dataclass(frozen=True)
class Servers:
    """Equal servers: what one executor writes to the first one, the other one writes to the second."""

    oracle: ApiClient
    tested: ApiClient
    names: Names
    rows: list[Any]


@asynccontextmanager
async def open_servers(folder: Path) -> AsyncIterator[Servers]:
    files = folder / "oracle.db", folder / "tested.db"
    rows = await create_database(files[0])
    shutil.copy(*files)
    shutil.copytree(f"{files[0]}.files", f"{files[1]}.files")
    async with open_api(files[0], insecure=True) as oracle, open_api(files[1], insecure=True) as tested:
        yield Servers(oracle, tested, await read_names(oracle), rows)


@contextmanager
def reads_in_turn(order: CompletionOrder) -> Iterator[list[str]]:
    """Let reads of the database complete one at a time. Collects their names."""
    read, names = Database.read, list[str]()

    async def read_in_turn(database: Database, query: Any, *args: Any, **kwargs: Any) -> Any:
        name = query.__qualname__
        if name != "read_by_id":  # rows of which different columns are shown may be read apart
            names.append(name)
        lists = [[str(each) for each in arg if isinstance(each, str)] for arg in args if isinstance(arg, list)]
        return await order.run_in_turn(f"{name} {lists}", lambda: read(database, query, *args, **kwargs))

    with patch.object(Database, "read", read_in_turn):
        yield names
