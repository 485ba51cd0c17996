"""One session of each kind, as little as each needs."""

from typing import Any, Final

from tests.api_client import World
from tests.lifecycle.test_expiry import MEDIA

LEAST: Final[dict[str, dict[str, Any]]] = {
    "client": {"clientSystem": "iOS 8.1"},
    "agenda": {"guide": 7, "name": "Talk", "startTime": "2026-05-28T20:00:00Z"},
    "media": MEDIA,
    "field": {"unitId": "u1"},
    "user": {"username": "ann"},
}


async def one_of_each(world: World) -> dict[str, str]:
    """The ids of five sessions, by kind; each began a second after the one before (AGENDA by its schedule)."""
    ids = {}
    for kind, variant in LEAST.items():
        ids[kind] = (await world.started(kind, variant))["id"]
        await world.advance(1)
    return ids


async def project(world: World, id_: str, **says: Any) -> None:
    """Make a project."""
    document = "mutation($input: ProjectInput!) { createProject(input: $input) { problems { code path } } }"
    assert await world.ask(document, input={"id": id_, **says}) == {"problems": []}
