"""Each step done to a server and to the house that counts; after each the two must agree about everything."""

from contextlib import AsyncExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.truth import births, programme
from tests.truth.house import Answer, House, Ping
from tests.truth.life import DAY
from tests.truth.steps import (
    Again,
    Away,
    Call,
    Delete,
    SetBack,
    SetProject,
    Start,
    Step,
    Sweep,
    Terminate,
    Together,
    Update,
    Wait,
)
from tests.truth.telling import COUNT, LOOK, PARTS, SHOWN, counted, flat, flat_parts, text, told, told_whole
from tests.world import EPOCH, FakeClock, World, open_world

CALL = f"session {{ {SHOWN} }} keepaliveSeconds problems {{ code }}"
WHOLE = f"session {{ {SHOWN} {PARTS} }} keepaliveSeconds problems {{ code }}"
START = f"mutation($input: StartSessionInput!) {{ startSession(input: $input) {{ created {WHOLE} }} }}"
TOGETHER = f"mutation($inputs: [KeepaliveSessionInput!]!) {{ keepaliveSessions(inputs: $inputs) {{ {CALL} }} }}"
DELETE = "mutation($id: ID!) { deleteSession(id: $id) { id problems { code } } }"
CREATE = "mutation($input: ProjectInput!) { createProject(input: $input) { problems { code } } }"
UPDATE = "mutation($id: ID!, $input: ProjectInput!) { updateProject(id: $id, input: $input) { problems { code } } }"
UPDATE_ITEM = f"mutation($input: UpdateAgendaSessionInput!) {{ updateAgendaSession(input: $input) {{ {WHOLE} }} }}"
CALLS = (Start, Again, Call, Together, Update, Terminate, Delete, SetProject)
NOBODY = "s_" + "x" * 22
GONE_KEPT = 7 * DAY


class Play:
    """A server on a file, and the house beside it."""

    world: World

    def __init__(self, file: Path) -> None:
        self.house = House(EPOCH)
        self._file = file
        self._clock = FakeClock()
        self._serving = AsyncExitStack()
        self._starts: list[tuple[Start, dict[str, Any], int]] = []
        self._log: list[dict[str, str]] = []
        self._was_set_back = False

    async def run(self, steps: list[Step]) -> None:
        """Do all steps, and compare after each."""
        await self._serve()
        try:
            for step, following in pairwise([*steps, Sweep(), Sweep()]):
                await self._do(step)
                # A call's answer was compared whole. And after an absence, whoever asks first must find it made
                # good: that is to be the next call now and then, not always this look.
                if isinstance(step, Wait | Sweep | SetBack) or not isinstance(following, CALLS):
                    await self._compare()
            await self._compare()
            assert flat(await self.world.ask(COUNT)) == counted(self.house.lives)
        finally:
            await self._serving.aclose()

    async def _serve(self) -> None:
        self.world = await self._serving.enter_async_context(open_world(self._file, self._clock))

    async def _do(self, step: Step) -> None:  # noqa: C901 - one line a kind of step
        match step:
            case Start():
                self._starts.append((step, births.given(step, self.house), self.house.now))
                await self._start(*self._starts[-1])
            case Again(which):
                if self._starts:
                    await self._start(*self._starts[-1 - which % len(self._starts)])
            case Call():
                await self._call(step)
            case Together():
                await self._together(step)
            case Update(which):
                said = programme.given(step, self._id(which), self.house)
                expected = programme.update(self.house, said)
                self._check(await self.world.ask(UPDATE_ITEM, input=programme.sent(said)), expected)
            case Terminate(which):
                session_id = self._id(which)
                given = {"id": session_id, "reason": "why"}
                self._check(await self.world.ask(_one("terminate"), input=given), self.house.terminate(session_id))
            case Delete(which):
                session_id = self._id(which)
                answer, expected = await self.world.ask(DELETE, id=session_id), self.house.delete(session_id)
                assert [problem["code"] for problem in answer["problems"]] == expected.problems
            case SetProject():
                await self._set_project(step)
            case Wait() | Sweep() | Away() | SetBack():
                await self._pass(step)

    # ---- calls ----

    async def _start(self, step: Start, given: dict[str, Any], given_at: int) -> None:
        life = births.life(step, self.house, given_at)
        expected = self.house.start(given, life)
        answer = await self.world.ask(START, input=given)
        if expected.created:
            life.id = answer["session"]["id"]
        assert answer["created"] == expected.created
        self._check(answer, expected)

    async def _call(self, step: Call) -> None:
        given, ping = self._given(step)
        expected = getattr(self.house, step.name)(given, ping)
        self._check(await self.world.ask(_one(step.name), input=given), expected)

    async def _together(self, step: Together) -> None:
        # What each must answer is told at once: the calls after it go on to change the same lives.
        inputs, expected = [], []
        for call in step.calls:
            given, ping = self._given(call)
            inputs.append(given)
            expected.append(_payload(self.house.keepalive(given, ping)))
        answers = await self.world.ask(TOGETHER, inputs=inputs)
        assert [_seen(answer) for answer in answers] == expected

    def _given(self, step: Call) -> tuple[dict[str, Any], Ping | None]:
        given = {"id": self._id(step.which), **step.given}
        life = self.house.find(given["id"])
        if step.ping is None or not (step.ping.stray or (life is not None and life.kind == "MEDIA")):
            return given, None
        ping = births.ping(step, step.ping, life)
        return given | {"media": {"playerTime": {"playhead": ping.playhead, "ts": text(ping.ts)}}}, ping

    async def _set_project(self, step: SetProject) -> None:
        timeouts = None if step.timeouts is None else [{"kind": k, "seconds": s} for k, s in step.timeouts.items()]
        given = {"timeouts": timeouts} | ({"id": step.id} if step.new else {})
        answer = await self.world.ask(
            CREATE if step.new else UPDATE, input=given, **({} if step.new else {"id": step.id})
        )
        expected = self.house.set_project(step.id, step.timeouts, new=step.new)
        assert [problem["code"] for problem in answer["problems"]] == expected

    def _id(self, which: int) -> str:
        # Those that go on come last, to be chosen first: to the others less can happen.
        lives = sorted(self.house.lives, key=lambda life: life.ended is None)
        ids = [life.id for life in lives] or [*self.house.gone, NOBODY]
        return ids[-1 - which % len(ids)]

    def _check(self, answer: dict[str, Any], expected: Answer) -> None:
        if answer["session"] is not None:
            answer["session"] = flat_parts(answer["session"])
        session = None if expected.life is None else told_whole(expected.life)
        assert _seen(answer) == (session, *_payload(expected)[1:])

    # ---- time ----

    async def _pass(self, step: Wait | Sweep | Away | SetBack) -> None:
        match step:
            case Wait():
                await self._wait(step)
            case Sweep():
                self.house.sweep()
                await self.world.sweep()
            case Away():
                await self._be_away(step)
            case SetBack(milliseconds):
                await self._set_back(milliseconds)

    async def _wait(self, step: Wait) -> None:
        milliseconds = step.milliseconds
        which = step.until_start_of if step.until_end_of is None else step.until_end_of
        if which is not None:
            life = self.house.find(self._id(which))
            edge = None if life is None else life.started if step.until_end_of is None else life.would_end()
            milliseconds = 0 if edge is None else max(0, edge - self.house.now + milliseconds)
        self.house.pass_time(milliseconds)
        await self.world.advance(milliseconds / 1000)

    async def _be_away(self, step: Away) -> None:
        if step.restarts:
            await self._serving.aclose()
        self._clock.value += step.milliseconds
        self.house.be_away(step.milliseconds)
        if step.restarts:
            await self._serve()
            self.house.sweep()
        elif step.milliseconds <= 5_000:
            await self.world.advance(0)

    async def _set_back(self, milliseconds: int) -> None:
        # What had ended, or was forgotten, stays so: it is written down first, where that is not left to chance.
        if self.house.has_old_keys:
            return
        await self._pass(Sweep())
        self._was_set_back = True
        self.house.pass_time(-milliseconds)
        await self.world.advance(-milliseconds / 1000)

    # ---- looking ----

    async def _compare(self) -> None:
        lives = {life.id: life for life in self.house.lives}
        seen = await self.world.ask(LOOK, ids=list(lives))
        times = {node["id"]: node.pop("pathTimes") for node in seen["sessions"]["nodes"]}
        assert {node["id"]: node for node in seen["sessions"]["nodes"]} == {
            id_: told(life) for id_, life in lives.items()
        }
        assert {
            id_: {tuple(entry["path"]): entry["visibleSeconds"] for entry in entries} for id_, entries in times.items()
        } == {id_: told_whole(life)["pathTimes"] for id_, life in lives.items()}
        for life in self.house.lives if not self._was_set_back else []:
            assert life.visible_time <= life.elapsed
        self._compare_log([edge["node"] for edge in seen["activities"]["edges"]])

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


def _one(name: str) -> str:
    """The document of a call that takes one input."""
    return f"mutation($input: {name.title()}SessionInput!) {{ {name}Session(input: $input) {{ {WHOLE} }} }}"


def _seen(answer: dict[str, Any]) -> tuple[Any, ...]:
    return answer["session"], [problem["code"] for problem in answer["problems"]], answer["keepaliveSeconds"]


def _payload(answer: Answer) -> tuple[Any, ...]:
    return None if answer.life is None else told(answer.life), answer.problems, answer.keepalive_seconds
