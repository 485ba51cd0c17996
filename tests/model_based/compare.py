"""What a server shows, held against the house that counts: everything, at any moment."""

from tests.api_client import World
from tests.media.player_client import METRICS
from tests.media.test_out_of_order_events import assert_equal
from tests.model_based.player_events import figures
from tests.model_based.reference_model import House
from tests.model_based.reference_session import DAY
from tests.model_based.render import COUNT, LOOK, counted, flat, text, told, told_whole

FIGURES = f"""query($ids: [ID!]) {{
    sessions(filter: {{ids: $ids}}, first: 100) {{ nodes {{ id ... on MediaSession {{ {METRICS} }} }} }} }}"""
GONE_KEPT = 7 * DAY


class Look:
    """Compares a server with a house, and with what it showed before."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.was_set_back = False
        """Whether the clock was: then a session may seem to have been visible for longer than it lasted."""
        self._log: list[dict[str, str]] = []

    async def compare(self, world: World) -> None:
        """All sessions, where their time went, and the log."""
        lives = {life.id: life for life in self.house.lives}
        seen = await world.ask(LOOK, ids=list(lives))
        times = {node["id"]: node.pop("pathTimes") for node in seen["sessions"]["nodes"]}
        assert {node["id"]: node for node in seen["sessions"]["nodes"]} == {
            id_: told(life) for id_, life in lives.items()
        }
        assert {
            id_: {tuple(entry["path"]): entry["visibleSeconds"] for entry in entries} for id_, entries in times.items()
        } == {id_: told_whole(life)["pathTimes"] for id_, life in lives.items()}
        for life in self.house.lives if not self.was_set_back else []:
            assert life.visible_time <= life.elapsed
        self._compare_log([edge["node"] for edge in seen["activities"]["edges"]])

    async def compare_at_the_end(self, world: World) -> None:
        """The same; and statistics, and the figures of playbacks, which nothing but their events can change."""
        await self.compare(world)
        assert flat(await world.ask(COUNT)) == counted(self.house.lives)
        playbacks = [life for life in self.house.lives if life.kind == "MEDIA"]
        shown = await world.ask(FIGURES, ids=[life.id for life in playbacks])
        found = {node["id"]: node["metrics"] for node in shown["nodes"]}
        for life in playbacks:
            assert_equal(found[life.id], figures(life))

    def _compare_log(self, log: list[dict[str, str]]) -> None:
        """Each timeline is the one that was counted, and the log only grows: except by those that are gone."""
        for life in self.house.lives:
            timeline = [(entry["type"], entry["at"]) for entry in log if entry["sessionId"] == life.id]
            assert timeline == [(what, text(at)) for what, at in life.timeline]
        forgotten = [id_ for id_, (_, at) in self.house.gone.items() if self.house.now - at >= GONE_KEPT]
        traces = [
            (entry["sessionId"], entry["type"], entry["at"]) for entry in log if entry["sessionId"] in self.house.gone
        ]
        assert [trace for trace in traces if trace[0] not in forgotten] == [
            (id_, what, text(at)) for id_, (what, at) in self.house.gone.items() if id_ not in forgotten
        ]
        kept = [entry for entry in self._log if entry["sessionId"] not in self.house.gone]
        assert [entry for entry in log if entry["sessionId"] not in self.house.gone][: len(kept)] == kept
        self._log = log
