"""Timelines that are told to a server, and the figures that come of them."""

from typing import Any

from tests.api_client import World
from tests.media.player_client import Player, player

Shown = dict[str, Any]


async def told(world: World, *events: tuple[Any, ...], **own: Any) -> Shown:
    """The figures of a playback with these events, of content a hundred seconds long."""
    found: Player = await player(world, **{"length": 100, **own})
    await found.tell(*events)
    return await found.metrics()


def some(found: Shown, **names: Any) -> Shown:
    """Those of the figures that are named."""
    return {name: found[name] for name in names}
