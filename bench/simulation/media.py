"""MEDIA: people watch videos; the player pings, pauses, seeks, goes to the background, stops."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from bench.simulation.plan import Call, Scene, hide, keepalive, start, stop
from models.words import Kind


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
    playhead = 43_200.0 if title.content_type == "Live" else 0.0
    dies = scene.chance(0.1)
    common = {"timeoutSeconds": scene.rng.randint(10, 20)} if dies else {}
    yield start(Kind.MEDIA, _opening(scene, title, playhead), then=scene.pause(1, 3), **common)
    for _ in range(scene.rng.randint(3, 9)):
        if playhead >= title.length:
            break
        gap = scene.pause(3, 7)
        yield keepalive(Kind.MEDIA, 0, media=_ping(scene, playhead, qoe=True), then=gap)
        mood = scene.rng.random()
        if mood < 0.1:
            yield hide(Kind.MEDIA, 0, media=_ping(scene, playhead), then=scene.pause(3, 6))
        elif mood < 0.8:
            playhead = min(title.length, playhead + gap)
        elif mood < 0.9:
            playhead = min(title.length, playhead + 10)
    if not dies:
        yield stop(Kind.MEDIA, 0, media=_ping(scene, playhead))


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


def _ping(scene: Scene, playhead: float, *, qoe: bool = False) -> dict[str, Any]:
    ping: dict[str, Any] = {"playerTime": {"playhead": round(playhead, 3), "ts": scene.time()}}
    if qoe:
        ping["qoe"] = {"bitrate": scene.rng.choice([1200, 2500, 5000]), "droppedFrames": scene.rng.randint(0, 12)}
    return ping
