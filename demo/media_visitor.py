"""MEDIA: people watch videos, with ads and in chapters; they pause, skip, go to full screen and away."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from demo.plan import Call, VisitContext, start
from demo.player import Player, event
from models.enums import Kind


class Title(NamedTuple):
    """A stream of the catalogue; `length` in seconds, 86,400 for a live one."""

    id: str
    name: str
    length: float
    content_type: str
    channel: str
    params: dict[str, Any]


CATALOGUE: Final = [
    Title("ep-101", "The Lighthouse", 61.5, "VOD", "drama", {"media.show": "Coast", "media.season": "1"}),
    Title("ep-102", "The Ferry", 48.0, "VOD", "drama", {"media.show": "Coast", "media.season": "1"}),
    Title("clip-7", "Bread in ten steps", 33.0, "VOD", "kitchen", {"media.genre": "Food", "media.rating": "G"}),
    Title("pod-9", "Morning notes", 55.0, "Podcast", "radio", {"media.streamType": "audio"}),
    Title("live-1", "News, all day", 86_400.0, "Live", "news", {"media.feed": "East-HD", "media.showType": "3"}),
]
PLAYERS: Final = ["html5-player", "tv-app", "phone-app"]


def play_media(context: VisitContext) -> Iterator[Call]:
    """One playback to its end, to a point where it bores, or (one in ten) to a flat battery."""
    title = context.rng.choices(CATALOGUE, [4, 3, 3, 2, 2])[0]
    player = Player(context, title.length, 43_200.0 if title.content_type == "Live" else 0.0)
    loses_power = context.chance(0.1)
    common = {"timeoutSeconds": context.rng.randint(10, 20)} if loses_power else {}
    yield start(
        Kind.MEDIA, _start_fields(context, title, player.playhead), delay=context.random_seconds(1, 3), **common
    )
    if title.content_type == "VOD" and context.chance(0.6):
        yield from _play_ads(context, player)
    yield player.track(
        event("PLAY"), player.chapter(1, title.length / 2), delay=player.advance(context.random_seconds(3, 7))
    )
    for _ in range(context.rng.randint(3, 9)):
        if player.is_at_end:
            break
        yield from _play_step(context, player)
    if player.is_at_end:
        yield player.track(event("CHAPTER_COMPLETE"), event("SESSION_COMPLETE"), delay=1)
    if not loses_power:
        yield player.stop()


def _play_ads(context: VisitContext, player: Player) -> Iterator[Call]:
    """A break with an ad before the content, seen to its end or skipped."""
    seconds = context.random_seconds(4, 8)
    yield player.track(player.ad_break(0), player.ad(0, 1, seconds), delay=seconds)
    end = event("AD_SKIP") if context.chance(0.3) else event("AD_COMPLETE")
    yield player.track(end, event("AD_BREAK_COMPLETE"), delay=0.5)


def _play_step(context: VisitContext, player: Player) -> Iterator[Call]:
    """What a few seconds of a playback bring."""
    roll = context.rng.random()
    if roll < 0.1:
        yield player.track(event("PAUSE_START"), delay=context.random_seconds(3, 6))
        yield player.track(event("PLAY"), delay=player.advance(context.random_seconds(3, 7)))
    elif roll < 0.2:
        yield player.track(event("BUFFER_START"), player.error(), delay=context.random_seconds(1, 3))
        yield player.track(event("PLAY"), player.bitrate_change(), delay=player.advance(context.random_seconds(3, 7)))
    elif roll < 0.3:
        yield player.track(
            player.state("STATE_START", "fullScreen"), delay=player.advance(context.random_seconds(3, 7))
        )
        yield player.track(player.state("STATE_END", "fullScreen"), delay=player.advance(context.random_seconds(1, 3)))
    elif roll < 0.4:
        yield player.hide(delay=player.advance(context.random_seconds(3, 6)))
    else:
        yield player.ping(delay=player.advance(context.random_seconds(3, 7)))
    if roll > 0.9:
        player.advance(10)  # and the viewer skips some


def _start_fields(context: VisitContext, title: Title, playhead: float) -> dict[str, Any]:
    return {
        "playerTime": {"playhead": playhead, "ts": context.timestamp()},
        "trackingServer": "metrics.example.org",
        "reportSuite": "example-all",
        "organizationId": "0123456789@ExampleOrg",
        "visitorId": f"visitor-{context.rng.randint(1, 400)}",
        "mediaId": title.id,
        "mediaName": title.name,
        "length": title.length,
        "contentType": title.content_type,
        "playerName": context.rng.choice(PLAYERS),
        "channel": title.channel,
        "sdkVersion": "4.2.0",
        "resume": context.chance(0.1),
        "params": title.params | {"analytics.enableSSL": True, "media.dayPart": context.rng.choice(["am", "pm"])},
        "customMetadata": {"campaign": context.rng.choice(["spring", "none"])},
        "qoe": {"timeToStart": context.rng.randint(80, 900), "bitrate": context.rng.choice([1200, 2500, 5000])},
    }
