"""MEDIA: people watch videos, with ads and in chapters; they pause, skip, go to full screen and away."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from demo.plan import Call, Scene, start
from demo.player import Player, just
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


def playback(scene: Scene) -> Iterator[Call]:
    """One playback to its end, to a point where it bores, or (one in ten) to a flat battery."""
    title = scene.rng.choices(CATALOGUE, [4, 3, 3, 2, 2])[0]
    player = Player(scene, title.length, 43_200.0 if title.content_type == "Live" else 0.0)
    dies = scene.chance(0.1)
    common = {"timeoutSeconds": scene.rng.randint(10, 20)} if dies else {}
    yield start(Kind.MEDIA, _opening(scene, title, player.playhead), then=scene.pause(1, 3), **common)
    if title.content_type == "VOD" and scene.chance(0.6):
        yield from _ads(scene, player)
    yield player.tell(just("PLAY"), player.chapter(1, title.length / 2), then=player.play_on(scene.pause(3, 7)))
    for _ in range(scene.rng.randint(3, 9)):
        if player.is_at_end:
            break
        yield from _moment(scene, player)
    if player.is_at_end:
        yield player.tell(just("CHAPTER_COMPLETE"), just("SESSION_COMPLETE"), then=1)
    if not dies:
        yield player.stop()


def _ads(scene: Scene, player: Player) -> Iterator[Call]:
    """A break with an ad before the content, seen to its end or skipped."""
    seconds = scene.pause(4, 8)
    yield player.tell(player.ad_break(0), player.ad(0, 1, seconds), then=seconds)
    end = just("AD_SKIP") if scene.chance(0.3) else just("AD_COMPLETE")
    yield player.tell(end, just("AD_BREAK_COMPLETE"), then=0.5)


def _moment(scene: Scene, player: Player) -> Iterator[Call]:
    """What a few seconds of a playback bring."""
    mood = scene.rng.random()
    if mood < 0.1:
        yield player.tell(just("PAUSE_START"), then=scene.pause(3, 6))
        yield player.tell(just("PLAY"), then=player.play_on(scene.pause(3, 7)))
    elif mood < 0.2:
        yield player.tell(just("BUFFER_START"), player.error(), then=scene.pause(1, 3))
        yield player.tell(just("PLAY"), player.bitrate_change(), then=player.play_on(scene.pause(3, 7)))
    elif mood < 0.3:
        yield player.tell(player.state("STATE_START", "fullScreen"), then=player.play_on(scene.pause(3, 7)))
        yield player.tell(player.state("STATE_END", "fullScreen"), then=player.play_on(scene.pause(1, 3)))
    elif mood < 0.4:
        yield player.hide(then=player.play_on(scene.pause(3, 6)))
    else:
        yield player.ping(then=player.play_on(scene.pause(3, 7)))
    if mood > 0.9:
        player.play_on(10)  # and the viewer skips some


def _opening(scene: Scene, title: Title, playhead: float) -> dict[str, Any]:
    return {
        "playerTime": {"playhead": playhead, "ts": scene.time()},
        "trackingServer": "metrics.example.org",
        "reportSuite": "example-all",
        "organizationId": "0123456789@ExampleOrg",
        "visitorId": f"visitor-{scene.rng.randint(1, 400)}",
        "mediaId": title.id,
        "mediaName": title.name,
        "length": title.length,
        "contentType": title.content_type,
        "playerName": scene.rng.choice(PLAYERS),
        "channel": title.channel,
        "sdkVersion": "4.2.0",
        "resume": scene.chance(0.1),
        "params": title.params | {"analytics.enableSSL": True, "media.dayPart": scene.rng.choice(["am", "pm"])},
        "customMetadata": {"campaign": scene.rng.choice(["spring", "none"])},
        "qoe": {"timeToStart": scene.rng.randint(80, 900), "bitrate": scene.rng.choice([1200, 2500, 5000])},
    }
