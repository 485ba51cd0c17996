"""Sessions of the reference model as the API shows them."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from models.clock import MAX_INSTANT
from tests.model_based.reference_session import Path, ReferenceSession

SESSION_FIELDS = """id kind state visible endReason endedAt startedAt lastSeenAt expiresAt revision path timeoutSeconds
    visibleSeconds elapsedSeconds ... on MediaSession { playhead playerState }
    ... on FieldSession { received data { name value } }"""
RELATED_FIELDS = "pathTimes { path visibleSeconds } activities(first: 100) { edges { node { type at } } }"
SNAPSHOT_QUERY = f"""query($ids: [ID!]) {{
    sessions(filter: {{ids: $ids}}, first: 100) {{ nodes {{ {SESSION_FIELDS} pathTimes {{ path visibleSeconds }} }} }}
    activities(last: 500) {{ edges {{ node {{ id sessionId type at }} }} }} }}"""
STATS_QUERY = """{ sessionStats { total active visible visibleSeconds { sum } elapsedSeconds { sum }
    byEndReason { reason total } byKind { kind total } byProject { projectId total }
    byPath(first: 100, depth: 2) { path sessions activeNow visibleSeconds }
    groupBy(field: PLAYER_STATE) { value total }
    recentSeries(buckets: 50, bucketSeconds: 900) { at active peak started ended } } }"""
BUCKETS, BUCKET_MS = 50, 900_000


def to_rfc3339(instant: int | None) -> str | None:
    if instant is None:
        return None
    whole = datetime.fromtimestamp(instant // 1000, UTC)
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{instant % 1000:03}Z"


def render_session(session: ReferenceSession) -> dict[str, Any]:
    fields = {
        "id": session.id,
        "kind": session.kind,
        "state": session.state,
        "visible": session.visible,
        "endReason": session.reason,
        "endedAt": to_rfc3339(session.ended),
        "startedAt": to_rfc3339(session.started),
        "lastSeenAt": to_rfc3339(session.last_seen),
        "expiresAt": to_rfc3339(session.predicted_end()),
        "revision": session.revision,
        "path": list(session.path),
        "timeoutSeconds": None if session.timeout is None else session.timeout // 1000,
        "visibleSeconds": session.visible_time / 1000,
        "elapsedSeconds": session.elapsed / 1000,
    }
    player = {"playhead": session.events[-1].playhead, "playerState": session.player_state}
    points = [{"name": name, "value": value} for name, value in session.points.items()]
    form = {"received": to_rfc3339(session.received), "data": points}
    return fields | (player if session.kind == "MEDIA" else form if session.kind == "FIELD" else {})


def render_full_session(session: ReferenceSession) -> dict[str, Any]:
    """Render a session with its path times and activities."""
    related = {
        "pathTimes": {path: milliseconds / 1000 for path, milliseconds in session.path_times.items()},
        "activities": [(type_, to_rfc3339(at)) for type_, at in session.timeline],
    }
    return render_session(session) | related


def flatten_related(session: dict[str, Any]) -> dict[str, Any]:
    """Bring a session of the API into the form of `render_full_session`."""
    related = {
        "pathTimes": {tuple(entry["path"]): entry["visibleSeconds"] for entry in session["pathTimes"]},
        "activities": [(edge["node"]["type"], edge["node"]["at"]) for edge in session["activities"]["edges"]],
    }
    return session | related


def expected_stats(sessions: list[ReferenceSession], now: int) -> dict[str, Any]:
    return {
        "total": len(sessions),
        "active": sum(session.state == "ACTIVE" for session in sessions),
        "visible": sum(session.visible and session.state == "ACTIVE" for session in sessions),
        "visibleSeconds": sum(session.visible_time for session in sessions) / 1000,
        "elapsedSeconds": sum(session.elapsed for session in sessions) / 1000,
        "byEndReason": dict(Counter(session.reason for session in sessions if session.reason)),
        "byKind": dict(Counter(session.kind for session in sessions)),
        "byProject": dict(Counter(session.project for session in sessions)),
        "byPath": expected_path_stats(sessions, 2),
        "groupBy": dict(Counter(session.player_state for session in sessions if session.kind == "MEDIA")),
        "recentSeries": [
            expected_bucket(sessions, (now // BUCKET_MS - before) * BUCKET_MS) for before in reversed(range(BUCKETS))
        ],
    }


def expected_bucket(sessions: list[ReferenceSession], at: int) -> dict[str, Any]:
    until = at + BUCKET_MS
    lives = [(session.started, MAX_INSTANT if session.ended is None else session.ended) for session in sessions]
    moments = {at, *(start for start, _ in lives if at <= start < until)}
    return {
        "at": to_rfc3339(at),
        "active": sum(start < until and end > max(at, start) for start, end in lives),
        "peak": max(sum(start <= moment < end for start, end in lives) for moment in moments),
        "started": sum(at <= start < until and start <= end for start, end in lives),
        "ended": sum(at <= end < until for _, end in lives),
    }


def expected_path_stats(all_sessions: list[ReferenceSession], depth: int) -> dict[Path, tuple[int, int, float]]:
    """Count sessions, active sessions and visible seconds by path prefix."""
    totals: dict[Path, tuple[int, int, int]] = {}
    for session in all_sessions:
        now = {session.path[:depth]} if session.state == "ACTIVE" else set()
        for path in now | {path[:depth] for path in session.path_times}:
            spent = sum(milliseconds for at, milliseconds in session.path_times.items() if at[:depth] == path)
            sessions, active_now, visible_ms = totals.get(path, (0, 0, 0))
            totals[path] = (sessions + 1, active_now + (path in now), visible_ms + spent)
    return {path: (sessions, active_now, ms / 1000) for path, (sessions, active_now, ms) in totals.items()}


def flatten_stats(stats: dict[str, Any]) -> dict[str, Any]:
    """Bring statistics of the API into the form of `expected_stats`."""
    sums = {name: stats[name]["sum"] for name in ("visibleSeconds", "elapsedSeconds")}
    keys = {"byEndReason": "reason", "byKind": "kind", "byProject": "projectId", "groupBy": "value"}
    groups = {name: {group[key]: group["total"] for group in stats[name]} for name, key in keys.items()}
    paths = {tuple(path): tuple(totals) for path, *totals in (entry.values() for entry in stats["byPath"])}
    return stats | sums | groups | {"byPath": paths}
