"""What an operation made is freed as soon as it ends. A cycle would wait for the collector, which runs rarely."""

from typing import Final

import pytest

from tests.api_client import ApiClient
from tests.garbage import finding_garbage
from transport.http import disconnect

pytestmark = pytest.mark.compiled

KEEPALIVE: Final = """mutation($id: ID!) { keepaliveSession(input: {id: $id}) {
    session { id project { id } pathTimes { path } } problems { code } } }"""
PAGE: Final = """{ sessions(first: 5) { totalCount edges { cursor node { id kind path project { name }
    pathTimes { path } previous { id } activities(first: 5) { nodes { id type } }
    ... on UserSession { username } } } } }"""
STATS: Final = "{ sessionStats { total byKind { kind total } byPath(first: 10) { path sessions } } }"
MISTAKE: Final = "{ session(id: 1.5) { nothing } }"


@pytest.mark.parametrize("document", [KEEPALIVE, PAGE, STATS, MISTAKE], ids=["keepalive", "page", "stats", "mistake"])
async def test_operation_leaves_nothing_to_the_collector(api: ApiClient, document: str) -> None:
    session = await api.start_user()
    variables = {"id": session["id"]} if document == KEEPALIVE else {}
    await api.post(document, variables)  # fills the caches
    with finding_garbage() as garbage:
        await api.post(document, variables)
    assert garbage == set()


async def test_watched_request_leaves_nothing_to_the_collector(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disconnect, "WATCH_DELAY", 0.0)
    await api.post(PAGE)
    with finding_garbage() as garbage:
        await api.post(PAGE)
    assert garbage == set()
