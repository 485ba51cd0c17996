"""The subscription sources of the resolvers implement the transport's protocols, which know nothing of them.

The assignments to names of a protocol's type are checked by mypy.
"""

import pytest

from resolvers.feed.consumer import LogConsumer
from resolvers.feed.messages import CaughtUp, FeedItem
from resolvers.subscriptions.active_sessions import active_sessions
from resolvers.subscriptions.activities import session_activities
from resolvers.subscriptions.source import Source
from resolvers.subscriptions.stats import session_stats
from tests.feed_harness import FeedHarness
from transport.subscriptions import source as protocols


@pytest.fixture
async def sources(harness: FeedHarness) -> list[protocols.Source]:
    context = await harness.context()
    return [
        active_sessions(context, filter={}, after=None, min_interval_ms=0, heartbeats=False),
        session_activities(context, filter={}, types=None, after=None),
        session_stats(context, filter={}, interval_ms=1000),
    ]


async def test_every_source_implements_the_protocol(sources: list[protocols.Source]) -> None:
    assert {type(source) for source in sources} == set(Source.__subclasses__())
    assert all(isinstance(source, protocols.Source) for source in sources)


def test_items_implement_the_protocols() -> None:
    item: protocols.Item = FeedItem(None, 1)
    end: protocols.CaughtUp = CaughtUp(1)
    assert isinstance(item, protocols.Item)
    assert isinstance(end, protocols.CaughtUp)


async def test_consumers_implement_the_protocol(sources: list[protocols.Source]) -> None:
    for source in sources:
        async with source.follow() as items:
            assert isinstance(items, LogConsumer)
            buffered: protocols.Buffered = items
            assert isinstance(buffered, protocols.Buffered)


async def test_sources_cannot_be_iterated(sources: list[protocols.Source]) -> None:
    for source in sources:
        with pytest.raises(TypeError, match="open and follow"):
            aiter(source)
