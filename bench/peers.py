"""The servers that are measured: Session Graph, and others that do the same work."""

import sys
from dataclasses import replace
from typing import Final

from bench.baselines.postgraphile.postgres import require_postgres
from bench.load_generator import HOST
from bench.node_packages import BASELINES, install_packages, node, require_version
from bench.servers import ServerSpec

POSTGRAPHILE_NODE: Final = 22


def _prepare_postgraphile() -> None:
    require_postgres()
    install_packages("postgraphile")
    require_version(node("postgraphile"), POSTGRAPHILE_NODE)


_PAGE: Final = """query Page($after: Datetime!) {
  FIELD(startedAfter: $after, first: 50) {
    nodes { rowId kind subject state visible path startedAt lastSeenAt clientSystem username }
  }
}"""
_POSTGRAPHILE_DOCUMENTS: Final = {
    "page": _PAGE.replace("FIELD", "newestSessions"),
    "page by LAST_SEEN_AT": _PAGE.replace("FIELD", "lastSeenSessions"),
    "session": "query Session($id: String!) { sessionByRowId(rowId: $id) { id: rowId state } }",
}

SESSION_GRAPH: Final = ServerSpec(
    "Session Graph",
    lambda port, file: [
        *(sys.executable, "main.py", "serve", "--host", HOST, "--port", str(port), "--database", str(file))
    ],
    "this project, as `main.py serve` runs it: tokens, limits, timeline, times by path, log.",
)
STRAWBERRY: Final = ServerSpec(
    "plain strawberry",
    lambda port, file: [sys.executable, "-m", "bench.baselines.strawberry", str(port), str(file)],
    "strawberry's ASGI application, SQLModel and aiosqlite, as their documentation shows. Less work: no timeline, no"
    " times by path, no projects, no cursors; each keepalive is a transaction of its own.",
)
MERCURIUS: Final = ServerSpec(
    "Mercurius + JIT",
    lambda port, file: ["node", str(BASELINES / "node" / "mercurius.mjs"), str(port), str(file)],
    "Fastify and Mercurius with its JIT compiler, better-sqlite3. SQLite is read directly; the writes of one turn of"
    " the event loop share a transaction. Less work: as for plain strawberry.",
    lambda: install_packages("node"),
)
MERCURIUS_EACH: Final = replace(
    MERCURIUS,
    name="Mercurius, commit each",
    command=lambda port, file: [*MERCURIUS.command(port, file), "each"],
    description="The same, with a transaction for each keepalive, as its resolvers would be written first.",
)
YOGA: Final = ServerSpec(
    "Yoga + graphql-ws",
    lambda port, file: ["node", str(BASELINES / "node" / "yoga.mjs"), str(port), str(file)],
    "GraphQL Yoga, and graphql-ws for its subscriptions, with the resolvers and the storage of Mercurius + JIT.",
    lambda: install_packages("node"),
)
POSTGRAPHILE: Final = ServerSpec(
    "PostGraphile",
    lambda port, file: [
        *(sys.executable, "-m", "bench.baselines.postgraphile", node("postgraphile"), str(port), str(file.parent))
    ],
    "PostGraphile 5 with its recommended preset, and a PostgreSQL server on the same core, whose time counts. Both"
    " kinds are of one type, so a session shows ten fields, one of them null; the state is a computed"
    " column. It only reads.",
    _prepare_postgraphile,
    _POSTGRAPHILE_DOCUMENTS,
    seeds_itself=True,
)
BARE: Final = ServerSpec(
    "bare ASGI",
    lambda port, file: [sys.executable, "-m", "bench.baselines.bare", str(port), str(file)],
    "a bound, no server to use: an ASGI function on uvicorn that knows the documents by heart. It reads rows"
    " from SQLite, makes dicts and encodes them with orjson: no GraphQL, no validation, no access, no log.",
    seeds_itself=True,
)

TYPENAME_SPECS: Final = (SESSION_GRAPH, MERCURIUS, YOGA, STRAWBERRY, BARE)
READ_SPECS: Final = (SESSION_GRAPH, MERCURIUS, STRAWBERRY, POSTGRAPHILE, BARE)
WRITE_SPECS: Final = (SESSION_GRAPH, MERCURIUS, MERCURIUS_EACH, STRAWBERRY)
START_SPECS: Final = (SESSION_GRAPH, MERCURIUS, STRAWBERRY)
SUBSCRIPTION_SPECS: Final = (SESSION_GRAPH, MERCURIUS, YOGA, STRAWBERRY)
BASELINE_SPECS: Final = (SESSION_GRAPH, STRAWBERRY)
ALL_SPECS: Final = (SESSION_GRAPH, MERCURIUS, MERCURIUS_EACH, YOGA, STRAWBERRY, POSTGRAPHILE, BARE)
