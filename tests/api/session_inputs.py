"""One session of each kind, as little as each needs."""

from typing import Any, Final

from tests.api_client import ApiClient
from tests.lifecycle.test_expiry import MEDIA

MINIMAL_INPUTS: Final[dict[str, dict[str, Any]]] = {
    "client": {"clientSystem": "iOS 8.1"},
    "agenda": {"guide": 7, "name": "Talk", "startTime": "2026-05-28T20:00:00Z"},
    "media": MEDIA,
    "field": {"unitId": "u1"},
    "user": {"username": "ann"},
}


async def start_one_of_each_kind(api: ApiClient) -> dict[str, str]:
    """The ids of five sessions, by kind; each began a second after the one before (AGENDA by its schedule)."""
    ids = {}
    for kind, variant in MINIMAL_INPUTS.items():
        ids[kind] = (await api.start_session(kind, variant))["id"]
        await api.advance(1)
    return ids


async def create_project(api: ApiClient, id_: str, **fields: Any) -> None:
    """Make a project."""
    document = "mutation($input: ProjectInput!) { createProject(input: $input) { problems { code path } } }"
    assert await api.execute(document, input={"id": id_, **fields}) == {"problems": []}
