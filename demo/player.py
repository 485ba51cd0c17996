"""A player of the demo: where it is, and the events it tells."""

from typing import Any

from demo.plan import Call, VisitContext, hide, keepalive, stop, track
from models.enums import Kind


class Player:
    """Plays one stream of `length` seconds from `playhead` on. Every call moves its clock on by what it waits."""

    def __init__(self, context: VisitContext, length: float, playhead: float) -> None:
        self._context = context
        self._length = length
        self._told = 0
        self.playhead = playhead

    @property
    def is_at_end(self) -> bool:
        return self.playhead >= self._length

    def advance(self, seconds: float) -> float:
        """Let the content play for so long; that long."""
        self.playhead = min(self._length, round(self.playhead + seconds, 3))
        return seconds

    # ---- calls ----

    def track(self, *events: dict[str, Any], delay: float) -> Call:
        """Tell of events, each a millisecond after the one before."""
        timed = [event | {"playerTime": self._player_time(index / 1000)} for index, event in enumerate(events)]
        return track(Kind.MEDIA, 0, timed, delay=delay)

    def ping(self, *, delay: float) -> Call:
        """A sign of life, with how well it plays."""
        return keepalive(Kind.MEDIA, 0, media={"playerTime": self._player_time(), "qoe": self._quality()}, delay=delay)

    def hide(self, *, delay: float) -> Call:
        return hide(Kind.MEDIA, 0, media={"playerTime": self._player_time()}, delay=delay)

    def stop(self) -> Call:
        return stop(Kind.MEDIA, 0, media={"playerTime": self._player_time()})

    def _player_time(self, ahead: float = 0.0) -> dict[str, Any]:
        return {"playhead": self.playhead, "ts": self._context.timestamp(ahead)}

    def _quality(self) -> dict[str, Any]:
        return {"bitrate": self._bitrate(), "droppedFrames": self._context.rng.randint(0, 12)}

    def _bitrate(self) -> int:
        return self._context.rng.choice([1200, 2500, 5000])

    # ---- events ----

    def ad(self, pod: int, position: int, seconds: float) -> dict[str, Any]:
        number = self._context.rng.randint(1, 40)
        params = {
            "media.ad.id": f"ad-{number:03}",
            "media.ad.length": seconds,
            "media.ad.podPosition": position,
            "media.ad.advertiser": self._context.rng.choice(["Northern Tea", "Umbrellas & Co", "City Rail"]),
            "media.ad.podFriendlyName": "pre-roll" if pod == 0 else "mid-roll",
        }
        return {"type": "AD_START", "params": params, "customMetadata": {"placement": f"p{number % 5}"}}

    def ad_break(self, pod: int) -> dict[str, Any]:
        return {"type": "AD_BREAK_START", "params": {"media.ad.podIndex": pod, "media.ad.podSecond": self.playhead}}

    def chapter(self, index: int, seconds: float) -> dict[str, Any]:
        params = {
            "media.chapter.index": index,
            "media.chapter.offset": self.playhead,
            "media.chapter.length": seconds,
            "media.chapter.friendlyName": f"Part {index}",
        }
        return {"type": "CHAPTER_START", "params": params}

    def state(self, type_: str, name: str) -> dict[str, Any]:
        return {"type": type_, "params": {"media.state.name": name}}

    def bitrate_change(self) -> dict[str, Any]:
        return {"type": "BITRATE_CHANGE", "qoe": {"bitrate": self._bitrate()}}

    def error(self) -> dict[str, Any]:
        return {"type": "ERROR", "params": {"media.errorId": "segment-404", "media.errorSource": "player"}}


def event(type_: str) -> dict[str, Any]:
    """An event that has no parameters."""
    return {"type": type_}
