"""Every limit of documents and variables over every transport: one refusal, nothing executed, little work."""

import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from itertools import product
from time import process_time
from typing import Any, Final, NamedTuple

import orjson
import pytest

from resolvers.access import LOCAL_ADMIN
from resolvers.context import open_context
from tests.api_client import ApiClient
from tests.bad_inputs.case import Case
from tests.bad_inputs.document_cases import COMPLEX_DOCUMENTS, DOUBLING, INVALID_DOCUMENTS, MULTIPLIED
from tests.bad_inputs.http_cases import TEXT_CASES
from tests.bad_inputs.multipart_cases import PREFLIGHT_HEADER, form_request
from tests.bad_inputs.transports import TRANSPORTS, Clients, Operation, allows_get, open_clients
from tests.bad_inputs.value_cases import FILTER_CASES
from tests.bad_inputs.websocket_cases import subscribe
from tests.live_server import send_raw
from transport import Access
from transport.request import OperationCall, OperationRequest

MAX_CALLS: Final = 150_000
"""Calls of Python functions for one refusal; a valid document at the limit of tokens takes as many."""
CPU_SECONDS: Final = 0.05
SLACK: Final = 4
"""The client runs in the same process."""


class LimitCase(NamedTuple):
    title: str
    limit: str
    """Its name in the error."""
    maximum: int
    operation: Operation


def document(title: str, limit: str, maximum: int, query: str, **variables: Any) -> LimitCase:
    return LimitCase(title, limit, maximum, Operation(query, variables))


def nested(depth: int) -> Any:
    return [nested(depth - 1)] if depth else []


def aliases(count: int, field: str) -> str:
    return " ".join(f"a{number}: {field}" for number in range(count))


def changes(selection: str) -> str:
    return f"subscription {{ activeSessions {{ ... on SessionChange {{ {selection} }} }} }}"


PAGES: Final = "query($n: Int = 500) { sessions(first: $n) { nodes { activities(first: $n) { edges { cursor } } } } }"
SUBJECTS: Final = "query($s: [String!]) { sessions(filter: {subjects: $s}) { totalCount } }"
FILTERS: Final = "sessions(filter: {{subjects: $s{0}, externalIds: $t{0}, ids: $i{0}}}) {{ totalCount }}"
MANY_LISTS: Final = "query({}) {{ {} }}".format(
    " ".join(f"$s{n}: [String!] $t{n}: [String!] $i{n}: [ID!]" for n in range(8)),
    " ".join(f"a{n}: {FILTERS.format(n)}" for n in range(8)),
)

LIMIT_CASES: Final = [
    document("characters", "characters", 131_072, f"{{ viewer {{ name }} }} # {'x' * 131_072}"),
    document("tokens", "tokens", 2_000, f"{{ viewer {{ {'name ' * 2_001}}} }}"),
    document("comments", "tokens", 2_000, "#\n" * 2_001 + "{ viewer { name } }"),
    document("operations", "operations", 20, " ".join(f"query q{n} {{ __typename }}" for n in range(21))),
    document("depth", "depth", 12, f'{{ session(id: "x") {{ {"previous { " * 12}id{" }" * 14}'),
    document("aliases", "aliases", 30, f"{{ viewer {{ {aliases(31, 'name')} }} }}"),
    document("root fields", "root fields", 10, f"{{ {aliases(11, '__typename')} }}"),
    document("directives", "directives", 20, f"{{ viewer {{ name {'@skip(if: false) ' * 21} }} }}"),
    document(
        "introspection", "depth of introspection", 16, f"{{ __schema {{ types {{ {'ofType { ' * 15}name{' }' * 18}"
    ),
    document("a page of pages", "cost", 20_000, PAGES),
    document("aliases of a subscription", "aliases", 30, changes(aliases(31, "cursor"))),
    document("depth of a subscription", "depth", 12, changes(f"session {{ {'previous { ' * 12}id{' }' * 13}")),
    document("root fields of a subscription", "root fields", 10, f"subscription {{ {aliases(11, '__typename')} }}"),
    document(
        "fragments doubled 20 times",
        "selections",
        2_000,
        f"{{ ...f0 }} {DOUBLING} fragment f20 on Query {{ viewer {{ name }} }}",
    ),
    document(
        "aliases in fragments",
        "aliases",
        30,
        f"{{ viewer {{ ...f0 }} }} {MULTIPLIED} fragment f9 on Viewer {{ name }}",
    ),
    document("depth of variables", "variables depth", 32, "query($m: JSON) { viewer { name } }", m=nested(33)),
    document("a list in a variable", "list size", 1_000, SUBJECTS, s=["a"] * 1_001),
    document("a list in a literal", "list size", 1_000, f"{{ nodes(ids: [{'1 ' * 1_001}]) {{ id }} }}"),
    document("a page in a variable", "cost", 20_000, PAGES, n=400),
    document(
        "lists in many variables",
        "cost",
        20_000,
        MANY_LISTS,
        **{f"{name}{n}": ["a"] * 1_000 for name in "sti" for n in range(8)},
    ),
]


def operations(cases: list[Case]) -> Iterator[tuple[str, Operation]]:
    """Return the operations of HTTP cases, to send them over other transports."""
    for case in cases:
        assert isinstance(case.request, bytes)
        # No encoder writes half a surrogate pair, and the longest are slow to send eight times.
        if case.status == 400 and b"\\ud" not in case.request and len(case.request) < 500_000:
            members = orjson.loads(case.request.partition(b"\r\n\r\n")[2])
            yield case.title, Operation(members["query"], members.get("variables") or {})


REFUSED_OPERATIONS: Final = dict(operations([*INVALID_DOCUMENTS, *COMPLEX_DOCUMENTS, *TEXT_CASES, *FILTER_CASES]))


@pytest.fixture(scope="module")
async def clients(shared_api: ApiClient, port: int) -> AsyncIterator[Clients]:
    async with open_clients(shared_api.http, port) as opened:
        yield opened


def finished(api: ApiClient) -> int:
    """Return how many operations have been executed."""
    return sum(running.finished for running in api.app.state.streams.execution.admission.monitor.running.values())


@pytest.mark.parametrize(
    ("name", "case"),
    [(name, case) for name, case in product(TRANSPORTS, LIMIT_CASES) if name != "GET" or allows_get(case.operation)],
    ids=lambda value: value.title if isinstance(value, LimitCase) else value,
)
async def test_limit_holds_on_every_transport(
    clients: Clients, shared_api: ApiClient, name: str, case: LimitCase
) -> None:
    before = finished(shared_api)
    refusal = await TRANSPORTS[name](clients, case.operation)
    assert (finished(shared_api), refusal.has_data) == (before, False)
    assert not shared_api.app.state.streams.subscriptions
    (error,) = refusal.errors
    assert error["message"].startswith(f"The operation is too complex: {case.limit} ")
    assert error["message"].endswith(f", where {case.maximum:,} is the limit.")
    extensions = error["extensions"]
    assert extensions.pop("number", case.maximum + 1) > case.maximum
    assert extensions == {"code": "QUERY_TOO_COMPLEX", "limit": case.limit, "maximum": case.maximum}
    # The status is that of the transport: a well-formed request, and a stream, answer 200.
    assert refusal.status in ((None,) if name == "WebSocket" else (200, 400))


async def test_refused_operations_have_the_same_errors_on_every_transport(
    clients: Clients, shared_api: ApiClient
) -> None:
    assert len(REFUSED_OPERATIONS) > 30
    before = finished(shared_api)
    for title, operation in REFUSED_OPERATIONS.items():
        expected = (await TRANSPORTS["JSON"](clients, operation)).errors
        assert expected, title
        for name, transport in TRANSPORTS.items():
            if name != "JSON" and (name != "GET" or allows_get(operation)):
                assert ((await transport(clients, operation)).errors, name) == (expected, name), title
    assert finished(shared_api) == before


@pytest.mark.parametrize(
    ("extra", "status", "close_code"),
    [
        pytest.param(b'"' + b"x" * 2 * 1024 * 1024 + b'"', 413, 1009, id="2 MiB"),
        pytest.param(b"[" + b'"x",' * 50_001 + b"1]", 413, 4400, id="50,001 values"),
        pytest.param(b"[" * 64 + b"]" * 64, 400, 4400, id="66 levels"),
    ],
)
async def test_size_of_messages_is_limited_on_every_transport(
    clients: Clients, port: int, extra: bytes, status: int, close_code: int
) -> None:
    members = b'{"query":"{ viewer { name } }","variables":{"x":' + extra + b"}}"
    for accept in ("application/json", "text/event-stream", 'multipart/mixed;subscriptionSpec="1.0"'):
        sent = {"accept": accept, "content-type": "application/json"}
        response = await clients.http.post("/graphql", content=members, headers=sent)
        assert (response.status_code, accept) == (status, accept)
    content = b"".join(
        b'--boundary\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % part
        for part in ((b"operations", members), (b"map", b"{}"))
    )
    answer = await send_raw(port, form_request(content + b"--boundary--\r\n", PREFLIGHT_HEADER))
    assert answer.status == status
    message = orjson.dumps(subscribe({"query": "{ viewer { name } }", "variables": {"x": orjson.Fragment(extra)}}))
    async with open_clients(clients.http, port) as (_, socket):
        await socket.send(message.decode())
        await socket.wait_closed()
        assert socket.close_code == close_code


@contextmanager
def counted_calls() -> Iterator[list[int]]:
    """Count the calls of Python functions in this thread."""
    calls = [0]

    def profile(_frame: Any, event: str, _argument: Any) -> None:
        calls[0] += event == "call"

    sys.setprofile(profile)
    try:
        yield calls
    finally:
        sys.setprofile(None)


async def test_refusals_take_little_work(shared_api: ApiClient) -> None:
    streams = shared_api.app.state.streams
    access = Access(lambda caller: open_context(shared_api.app.state.services, caller))
    calls_by_title = {}
    cases = {case.title: case.operation for case in LIMIT_CASES} | dict(operations(COMPLEX_DOCUMENTS))
    for title, operation in cases.items():
        fresh = f"{operation.query} # {title}"  # no transport has sent it: it is not in the cache
        call = OperationCall(OperationRequest(fresh, operation.variables), LOCAL_ADMIN, access)
        with counted_calls() as calls:
            response = await streams.open(call)
        assert response.result.body["errors"], title
        calls_by_title[title] = calls[0]
    assert {title: calls for title, calls in calls_by_title.items() if calls > MAX_CALLS} == {}


@pytest.mark.long
@pytest.mark.parametrize("name", TRANSPORTS)
async def test_refusals_take_little_processor_time(clients: Clients, name: str) -> None:
    worst: dict[str, float] = {}
    cases = {case.title: case.operation for case in LIMIT_CASES} | REFUSED_OPERATIONS
    for title, operation in cases.items():
        if name == "GET" and not allows_get(operation):
            continue
        seconds = []
        for number in range(3):
            fresh = Operation(f"{operation.query} # {name} {number}", operation.variables)
            started = process_time()
            assert (await TRANSPORTS[name](clients, fresh)).errors, title
            seconds.append(process_time() - started)
        worst[title] = min(seconds)
    top = sorted(worst.items(), key=lambda item: -item[1])[:3]
    sys.stdout.write(f"{name}: " + ", ".join(f"{title} {seconds * 1000:.1f} ms" for title, seconds in top) + "\n")
    assert top[0][1] < CPU_SECONDS * SLACK
