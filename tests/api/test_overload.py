"""An overloaded server: which operations of this API it refuses first, and what it never refuses."""

import pytest

from tests.api_client import ApiClient
from tests.transport.admission.overload import REFUSES_ALL, REFUSES_HEAVY, REFUSES_QUERIES, overload

STATISTICS = "{ sessionStats { total byKind { total } } }"
LIST = "{ sessions(first: 50) { nodes { id project { name } } } }"
SESSION = "query($id: ID!) { session(id: $id) { id state project { name } } }"
KEEPALIVE = "mutation($id: ID!) { keepaliveSession(input: {id: $id}) { session { id } problems { code } } }"


async def refused(api: ApiClient, session_id: str) -> set[str]:
    found = set()
    for name, document in {"statistics": STATISTICS, "list": LIST, "session": SESSION, "keepalive": KEEPALIVE}.items():
        variables = {"id": session_id} if "$id" in document else {}
        response = await api.http.post("/graphql", json={"query": document, "variables": variables})
        if response.status_code == 503:
            assert response.headers["retry-after"] in ("1", "2", "3")
            found.add(name)
        else:
            assert "errors" not in response.json()
    return found


@pytest.mark.parametrize(
    ("lag", "expected"),
    [
        (0, set[str]()),
        (REFUSES_HEAVY, {"statistics", "list"}),
        (REFUSES_QUERIES, {"statistics", "list", "session"}),
        (REFUSES_ALL, {"statistics", "list", "session", "keepalive"}),
    ],
)
async def test_lists_are_refused_before_sessions_before_keepalives(
    api: ApiClient, lag: float, expected: set[str]
) -> None:
    session_id = (await api.start_user())["id"]
    overload(api.app.state.streams.execution.admission, lag)
    assert await refused(api, session_id) == expected


@pytest.mark.parametrize(
    ("path", "accept"),
    [("/livez", "*/*"), ("/readyz", "*/*"), ("/metrics", "*/*"), ("/", "text/html"), ("/graphql", "text/html")],
)
async def test_probes_metrics_and_pages_are_never_refused(api: ApiClient, path: str, accept: str) -> None:
    overload(api.app.state.streams.execution.admission, REFUSES_ALL)
    for _ in range(10):
        assert (await api.http.get(path, headers={"accept": accept})).status_code == 200


async def test_test_server_is_never_overloaded(api: ApiClient) -> None:
    admission = api.app.state.streams.execution.admission
    assert not admission.is_refusing
    assert admission.monitor.loop_lag.greatest == 0
