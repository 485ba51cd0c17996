"""Comparison of a server with the reference model."""

from tests.api_client import ApiClient
from tests.media.player_client import METRICS
from tests.media.reference_metrics import ReferencePlayback
from tests.media.test_out_of_order_events import assert_equal
from tests.model_based.player_events import LENGTH
from tests.model_based.reference_model import ReferenceModel
from tests.model_based.reference_session import DAY
from tests.model_based.render import (
    SNAPSHOT_QUERY,
    STATS_QUERY,
    expected_stats,
    flatten_stats,
    render_full_session,
    render_session,
    to_rfc3339,
)

METRICS_QUERY = f"""query($ids: [ID!]) {{
    sessions(filter: {{ids: $ids}}, first: 100) {{ nodes {{ id ... on MediaSession {{ {METRICS} }} }} }} }}"""
TOMBSTONE_TTL = 7 * DAY


class ModelComparison:
    """Compares a server with the model, and its log with the log of the last comparison."""

    def __init__(self, model: ReferenceModel) -> None:
        self.model = model
        self.clock_went_back = False
        """Then a session may have been visible for longer than it lasted."""
        self._log: list[dict[str, str]] = []

    async def compare(self, api: ApiClient) -> None:
        sessions = {session.id: session for session in self.model.sessions}
        snapshot = await api.execute(SNAPSHOT_QUERY, ids=list(sessions))
        path_times = {node["id"]: node.pop("pathTimes") for node in snapshot["sessions"]["nodes"]}
        assert {node["id"]: node for node in snapshot["sessions"]["nodes"]} == {
            id_: render_session(session) for id_, session in sessions.items()
        }
        assert {
            id_: {tuple(entry["path"]): entry["visibleSeconds"] for entry in entries}
            for id_, entries in path_times.items()
        } == {id_: render_full_session(session)["pathTimes"] for id_, session in sessions.items()}
        for session in self.model.sessions if not self.clock_went_back else []:
            assert session.visible_time <= session.elapsed
        self._compare_log([edge["node"] for edge in snapshot["activities"]["edges"]])

    async def compare_final(self, api: ApiClient) -> None:
        """Compare also statistics, and media metrics, which only events change."""
        await self.compare(api)
        assert flatten_stats(await api.execute(STATS_QUERY)) == expected_stats(self.model.sessions, self.model.now)
        playbacks = [session for session in self.model.sessions if session.kind == "MEDIA"]
        shown = await api.execute(METRICS_QUERY, ids=[session.id for session in playbacks])
        found = {node["id"]: node["metrics"] for node in shown["nodes"]}
        for session in playbacks:
            assert_equal(found[session.id], ReferencePlayback(session.events[0], session.events[1:], LENGTH).metrics())

    def _compare_log(self, log: list[dict[str, str]]) -> None:
        """Each timeline is that of the model; the log is append-only, except for deleted sessions."""
        for session in self.model.sessions:
            timeline = [(entry["type"], entry["at"]) for entry in log if entry["sessionId"] == session.id]
            assert timeline == [(type_, to_rfc3339(at)) for type_, at in session.timeline]
        deleted = self.model.deleted
        kept_tombstones = {id_: entry for id_, entry in deleted.items() if self.model.now - entry[1] < TOMBSTONE_TTL}
        assert [
            (entry["sessionId"], entry["type"], entry["at"]) for entry in log if entry["sessionId"] in kept_tombstones
        ] == [(id_, type_, to_rfc3339(at)) for id_, (type_, at) in kept_tombstones.items()]
        kept = [entry for entry in self._log if entry["sessionId"] not in deleted]
        assert [entry for entry in log if entry["sessionId"] not in deleted][: len(kept)] == kept
        self._log = log
