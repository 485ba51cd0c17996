"""MEDIA visits: videos with ads and chapters, pauses, seeks and rebuffering."""

from typing import Any, Final

from demo.visit import Visit

CATALOGUE: Final[list[dict[str, Any]]] = [
    {"mediaId": "ep-101", "mediaName": "The Lighthouse", "length": 61.5, "contentType": "VOD", "channel": "drama"},
    {"mediaId": "ep-102", "mediaName": "The Ferry", "length": 48.0, "contentType": "VOD", "channel": "drama"},
    {
        "mediaId": "clip-7",
        "mediaName": "Bread in ten steps",
        "length": 33.0,
        "contentType": "VOD",
        "channel": "kitchen",
    },
    {"mediaId": "pod-9", "mediaName": "Morning notes", "length": 55.0, "contentType": "Podcast", "channel": "radio"},
    {"mediaId": "live-1", "mediaName": "News", "length": 86_400.0, "contentType": "Live", "channel": "news"},
]
PLAYERS: Final = ["html5-player", "tv-app", "phone-app"]
ADVERTISERS: Final = ["Northern Tea", "Umbrellas & Co", "City Rail"]
BITRATES: Final = [1200, 2500, 5000]

Event = dict[str, Any]


class Player:
    """Plays one title: sends its events and moves the playhead while it plays."""

    def __init__(self, visit: Visit, title: dict[str, Any]) -> None:
        self.visit = visit
        self.title = title
        self.playhead = 43_200.0 if title["contentType"] == "Live" else 0.0
        self.session = ""

    @property
    def is_at_end(self) -> bool:
        return bool(self.playhead >= self.title["length"])

    def seek(self, seconds: float) -> None:
        self.playhead = min(self.title["length"], round(self.playhead + seconds, 3))

    async def play(self, shortest: float, longest: float) -> None:
        """Let the content play for a random time."""
        self.seek(await self.visit.wait(shortest, longest))

    async def track(self, *events: Event) -> None:
        """Send events, each stamped a millisecond after the one before."""
        timed = [event | {"playerTime": self.time(number / 1000)} for number, event in enumerate(events)]
        await self.visit.call("trackMedia", id=self.session, events=timed)

    async def call(self, field: str, **media: Any) -> None:
        """Send a session operation with the player's time."""
        await self.visit.call(field, id=self.session, media={"playerTime": self.time(), **media})

    def time(self, offset: float = 0.0) -> dict[str, Any]:
        return {"playhead": self.playhead, "ts": self.visit.timestamp(offset)}

    def bitrate(self) -> int:
        return self.visit.rng.choice(BITRATES)


async def play_media(visit: Visit) -> None:
    """Watch one title to its end, or stop in between. One visit in ten goes silent without a stop."""
    title = visit.rng.choices(CATALOGUE, [4, 3, 3, 2, 2])[0]
    player = Player(visit, title)
    goes_silent = visit.chance(0.1)
    common = {"timeoutSeconds": visit.rng.randint(10, 20)} if goes_silent else {}
    player.session = await visit.start(_start_fields(player), **common)
    await visit.wait(1, 3)
    if title["contentType"] == "VOD" and visit.chance(0.6):
        await _play_ads(player)
    chapter = {"media.chapter.index": 1, "media.chapter.offset": player.playhead, "media.chapter.length": 20}
    await player.track(_event("PLAY"), _event("CHAPTER_START", chapter))
    await player.play(3, 7)
    for _ in range(visit.rng.randint(3, 9)):
        if player.is_at_end:
            break
        await _play_step(player)
    if player.is_at_end:
        await player.track(_event("CHAPTER_COMPLETE"), _event("SESSION_COMPLETE"))
        await visit.wait(1)
    if not goes_silent:
        await player.call("stopSession")


async def _play_ads(player: Player) -> None:
    """Play a break with one ad before the content. Three in ten are skipped."""
    length = round(player.visit.rng.uniform(4, 8), 3)
    number = player.visit.rng.randint(1, 40)
    ad = {
        "media.ad.id": f"ad-{number:03}",
        "media.ad.length": length,
        "media.ad.podPosition": 1,
        "media.ad.advertiser": player.visit.rng.choice(ADVERTISERS),
        "media.ad.podFriendlyName": "pre-roll",
    }
    await player.track(
        _event("AD_BREAK_START", {"media.ad.podIndex": 0, "media.ad.podSecond": player.playhead}),
        _event("AD_START", ad) | {"customMetadata": {"placement": f"p{number % 5}"}},
    )
    await player.visit.wait(length)
    end = "AD_SKIP" if player.visit.chance(0.3) else "AD_COMPLETE"
    await player.track(_event(end), _event("AD_BREAK_COMPLETE"))
    await player.visit.wait(0.5)


async def _play_step(player: Player) -> None:
    """Play a few seconds: a pause, a rebuffering, full screen, a hidden page, or just a ping."""
    visit, roll = player.visit, player.visit.rng.random()
    if roll < 0.1:
        await player.track(_event("PAUSE_START"))
        await visit.wait(3, 6)
        await player.track(_event("PLAY"))
    elif roll < 0.2:
        error = {"media.errorId": "segment-404", "media.errorSource": "player"}
        await player.track(_event("BUFFER_START"), _event("ERROR", error))
        await visit.wait(1, 3)
        await player.track(_event("PLAY"), {"type": "BITRATE_CHANGE", "qoe": {"bitrate": player.bitrate()}})
    elif roll < 0.3:
        await player.track(_event("STATE_START", {"media.state.name": "fullScreen"}))
        await player.play(3, 7)
        await player.track(_event("STATE_END", {"media.state.name": "fullScreen"}))
    elif roll < 0.4:
        await player.call("hideSession")
    else:
        quality = {"bitrate": player.bitrate(), "droppedFrames": visit.rng.randint(0, 12)}
        media = {"playerTime": player.time(), "qoe": quality}
        await visit.call("keepaliveSession", id=player.session, visible=True, media=media)
    await player.play(3, 7)
    if roll > 0.9:
        player.seek(10)


def _event(type_: str, params: dict[str, Any] | None = None) -> Event:
    return {"type": type_} | ({"params": params} if params else {})


def _start_fields(player: Player) -> dict[str, Any]:
    rng = player.visit.rng
    return player.title | {
        "playerTime": player.time(),
        "trackingServer": "metrics.example.org",
        "reportSuite": "example-all",
        "organizationId": "0123456789@ExampleOrg",
        "visitorId": f"visitor-{rng.randint(1, 400)}",
        "playerName": rng.choice(PLAYERS),
        "sdkVersion": "4.2.0",
        "resume": player.visit.chance(0.1),
        "params": {"media.show": "Coast", "analytics.enableSSL": True, "media.dayPart": rng.choice(["am", "pm"])},
        "customMetadata": {"campaign": rng.choice(["spring", "none"])},
        "qoe": {"timeToStart": rng.randint(80, 900), "bitrate": player.bitrate()},
    }
