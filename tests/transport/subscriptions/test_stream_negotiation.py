"""Media type of a response by Accept header and operation."""

import pytest

from tests.transport.subscriptions.asgi_client import AsgiRequest, fake_endpoint
from tests.transport.subscriptions.fake_source import FakeLog

JSON, GRAPHQL, EVENTS = "application/json", "application/graphql-response+json", "text/event-stream"
MULTIPART, PARTS = "multipart/mixed;subscriptionSpec=1.0", "multipart/mixed;incrementalSpec=v0.2"
URQL = f"{GRAPHQL}, application/graphql+json, {JSON}, {EVENTS}, multipart/mixed"
QUERY, DEFERRED, SUBSCRIPTION = "{hello}", "{thing{id ...@defer{name}}}", "subscription{event{number}}"


@pytest.mark.parametrize(
    ("accept", "query", "form"),
    [
        (URQL, QUERY, GRAPHQL),
        (URQL, "mutation{write}", GRAPHQL),
        (URQL, DEFERRED, GRAPHQL),
        (URQL, SUBSCRIPTION, EVENTS),
        (f"{EVENTS}, multipart/mixed", SUBSCRIPTION, EVENTS),
        (f"{EVENTS}, {JSON}", QUERY, JSON),
        (f"{EVENTS}, {JSON};q=0.9", QUERY, EVENTS),
        (f"{EVENTS}, */*;q=0.1", QUERY, EVENTS),
        (f"{EVENTS};q=0.9, */*", QUERY, JSON),
        (EVENTS.upper(), QUERY, EVENTS),
        (f"{EVENTS}, {JSON}", "{", JSON),
        (EVENTS, "{", EVENTS),
        (f"{EVENTS}, {MULTIPART}", SUBSCRIPTION, EVENTS),
        (f"{EVENTS};q=0.5, {MULTIPART}", SUBSCRIPTION, MULTIPART),
        (f"{MULTIPART}, {GRAPHQL}", SUBSCRIPTION, MULTIPART),
        (f"{MULTIPART}, {GRAPHQL}", QUERY, GRAPHQL),
        ('multipart/mixed; boundary=graphql; subscriptionspec="1.0"', SUBSCRIPTION, MULTIPART),
        (f"{PARTS}, {GRAPHQL}, {JSON};q=0.9", DEFERRED, PARTS),
        (f"{PARTS}, {GRAPHQL}, {JSON};q=0.9", QUERY, GRAPHQL),
        (f"{PARTS};q=0.5, {JSON}", DEFERRED, JSON),
        (PARTS, DEFERRED, PARTS),
        (f"{JSON}, {EVENTS}", DEFERRED, JSON),
        (EVENTS, DEFERRED, EVENTS),
        (f"multipart/mixed, {JSON}", DEFERRED, JSON),
        ("multipart/mixed;deferSpec=20220824, application/json", DEFERRED, JSON),
    ],
)
async def test_preferred_media_type_is_selected(log: FakeLog, accept: str, query: str, form: str) -> None:
    async with AsgiRequest(fake_endpoint(log), accept, query) as call:
        _, headers = await call.response_start()
        name, *parameters = headers["content-type"].split("; ")
        assert name == form.partition(";")[0]
        assert form.partition(";")[2] in ("", *parameters)


@pytest.mark.parametrize(
    ("accept", "query", "status"),
    [
        (JSON, SUBSCRIPTION, 400),
        ("*/*", SUBSCRIPTION, 400),
        ("text/*, */*", SUBSCRIPTION, 400),
        (f"{EVENTS};q=0, {JSON}", SUBSCRIPTION, 400),
        (f"{PARTS}, {JSON}", SUBSCRIPTION, 400),
        (f"multipart/mixed, {JSON}", SUBSCRIPTION, 400),
        ("multipart/mixed;subscriptionSpec=2.0, application/json", SUBSCRIPTION, 400),
        (f"{EVENTS}x, {JSON}", SUBSCRIPTION, 400),
        (MULTIPART, QUERY, 406),
        (PARTS, QUERY, 406),
    ],
)
async def test_unacceptable_media_types_are_refused(log: FakeLog, accept: str, query: str, status: int) -> None:
    async with AsgiRequest(fake_endpoint(log), accept, query) as call:
        assert (await call.response_start())[0] == status
    assert not log.opened_after
