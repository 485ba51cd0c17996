"""How lives are told in the words of the schema, to be compared with what the server shows."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from tests.model_based.reference_session import Life, Path

SHOWN = """id kind state visible endReason endedAt startedAt lastSeenAt expiresAt revision path timeoutSeconds
    visibleSeconds elapsedSeconds ... on MediaSession { playhead playerState }"""
PARTS = "pathTimes { path visibleSeconds } activities(first: 100) { edges { node { type at } } }"
LOOK = f"""query($ids: [ID!]) {{
    sessions(filter: {{ids: $ids}}, first: 100) {{ nodes {{ {SHOWN} pathTimes {{ path visibleSeconds }} }} }}
    activities(last: 500) {{ edges {{ node {{ id sessionId type at }} }} }} }}"""
COUNT = """{ sessionStats { total active visible visibleSeconds { sum } elapsedSeconds { sum }
    byEndReason { key total } byKind { key total } byProject { key total }
    byPath(first: 100, depth: 2) { path sessions activeNow visibleSeconds } } }"""


def text(instant: int | None) -> str | None:
    """An instant as clients see it."""
    if instant is None:
        return None
    whole = datetime.fromtimestamp(instant // 1000, UTC)
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{instant % 1000:03}Z"


def told(life: Life) -> dict[str, Any]:
    """A session as calls must show it."""
    shown = {
        "id": life.id,
        "kind": life.kind,
        "state": life.state,
        "visible": life.visible,
        "endReason": life.reason,
        "endedAt": text(life.ended),
        "startedAt": text(life.started),
        "lastSeenAt": text(life.last_seen),
        "expiresAt": text(life.would_end()),
        "revision": life.revision,
        "path": list(life.path),
        "timeoutSeconds": None if life.timeout is None else life.timeout // 1000,
        "visibleSeconds": life.visible_time / 1000,
        "elapsedSeconds": life.elapsed / 1000,
    }
    player = {"playhead": life.events[-1].playhead, "playerState": life.player_state}
    return shown | (player if life.kind == "MEDIA" else {})


def told_whole(life: Life) -> dict[str, Any]:
    """The same, with its parts."""
    parts = {
        "pathTimes": {path: milliseconds / 1000 for path, milliseconds in life.times.items()},
        "activities": [(what, text(at)) for what, at in life.timeline],
    }
    return told(life) | parts


def flat_parts(session: dict[str, Any]) -> dict[str, Any]:
    """A session of the server with its parts in that form."""
    parts = {
        "pathTimes": {tuple(entry["path"]): entry["visibleSeconds"] for entry in session["pathTimes"]},
        "activities": [(edge["node"]["type"], edge["node"]["at"]) for edge in session["activities"]["edges"]],
    }
    return session | parts


def counted(lives: list[Life]) -> dict[str, Any]:
    """What statistics must say, groups by key."""
    return {
        "total": len(lives),
        "active": sum(life.state == "ACTIVE" for life in lives),
        "visible": sum(life.visible for life in lives),
        "visibleSeconds": sum(life.visible_time for life in lives) / 1000,
        "elapsedSeconds": sum(life.elapsed for life in lives) / 1000,
        "byEndReason": dict(Counter(life.reason for life in lives if life.reason)),
        "byKind": dict(Counter(life.kind for life in lives)),
        "byProject": dict(Counter(life.project for life in lives)),
        "byPath": by_path(lives, 2),
    }


def by_path(lives: list[Life], depth: int) -> dict[Path, tuple[int, int, float]]:
    """Sessions, those there now, and visible seconds, by the first segments of paths."""
    figures: dict[Path, tuple[int, int, int]] = {}
    for life in lives:
        now = {life.path[:depth]} if life.state == "ACTIVE" else set()
        for path in now | {path[:depth] for path in life.times}:
            spent = sum(milliseconds for at, milliseconds in life.times.items() if at[:depth] == path)
            sessions, here, in_all = figures.get(path, (0, 0, 0))
            figures[path] = (sessions + 1, here + (path in now), in_all + spent)
    return {path: (sessions, here, in_all / 1000) for path, (sessions, here, in_all) in figures.items()}


def flat(stats: dict[str, Any]) -> dict[str, Any]:
    """The server's statistics in that form."""
    sums = {name: stats[name]["sum"] for name in ("visibleSeconds", "elapsedSeconds")}
    names = ("byEndReason", "byKind", "byProject")
    groups = {name: {group["key"]: group["total"] for group in stats[name]} for name in names}
    paths = {tuple(path): tuple(figures) for path, *figures in (entry.values() for entry in stats["byPath"])}
    return stats | sums | groups | {"byPath": paths}
