"""Timelines that are told to a server, and the figures that come of them."""

from typing import Any

from tests.api_client import ApiClient
from tests.media.player_client import PlayerClient, start_player

Metrics = dict[str, Any]


async def metrics_of(api: ApiClient, *events: tuple[Any, ...], **overrides: Any) -> Metrics:
    """The figures of a playback with these events, of content a hundred seconds long."""
    player_client: PlayerClient = await start_player(api, **{"length": 100, **overrides})
    await player_client.send(*events)
    return await player_client.metrics()


def subset(metrics: Metrics, **names: Any) -> Metrics:
    """Those of the figures that are named."""
    return {name: metrics[name] for name in names}
