"""Each step done to a server and to the house that counts; after each the two must agree about everything."""

from contextlib import AsyncExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.api_client import EPOCH, FakeClock, World, open_world
from tests.media.reference_metrics import Told
from tests.model_based import agenda_updates, player_events, start_inputs
from tests.model_based.compare import Look
from tests.model_based.reference_model import Answer, House
from tests.model_based.render import PARTS, SHOWN, flat_parts, told, told_whole
from tests.model_based.steps import (
    Again,
    Away,
    Call,
    Delete,
    Request,
    SetBack,
    SetProject,
    Start,
    Step,
    Sweep,
    Terminate,
    Together,
    Track,
    Update,
    Wait,
)

CALL = f"session {{ {SHOWN} }} keepaliveSeconds problems {{ code }}"
WHOLE = f"session {{ {SHOWN} {PARTS} }} keepaliveSeconds problems {{ code }}"
START = f"mutation($input: StartSessionInput!) {{ startSession(input: $input) {{ created {WHOLE} }} }}"
TOGETHER = f"mutation($inputs: [KeepaliveSessionInput!]!) {{ keepaliveSessions(inputs: $inputs) {{ {CALL} }} }}"
TRACK = f"mutation($input: TrackMediaInput!) {{ trackMedia(input: $input) {{ {WHOLE} }} }}"
DELETE = "mutation($id: ID!) { deleteSession(id: $id) { id problems { code } } }"
CREATE = "mutation($input: ProjectInput!) { createProject(input: $input) { problems { code } } }"
UPDATE = "mutation($id: ID!, $input: ProjectInput!) { updateProject(id: $id, input: $input) { problems { code } } }"
UPDATE_ITEM = f"mutation($input: UpdateAgendaSessionInput!) {{ updateAgendaSession(input: $input) {{ {WHOLE} }} }}"
NOBODY = "s_" + "x" * 22


class Play:
    """A server on a file, and the house beside it."""

    world: World

    def __init__(self, file: Path) -> None:
        self.house = House(EPOCH)
        self._file = file
        self._clock = FakeClock()
        self._serving = AsyncExitStack()
        self._starts: list[tuple[Start, dict[str, Any], int]] = []
        self._look = Look(self.house)

    async def run(self, steps: list[Step]) -> None:
        """Do all steps, and compare after each."""
        await self._serve()
        try:
            for step, following in pairwise([*steps, Sweep(), Sweep()]):
                await self._do(step)
                # A call's answer was compared whole. And after an absence, whoever asks first must find it made
                # good: that is to be the next call now and then, not always this look.
                if isinstance(step, Wait | Sweep | SetBack) or not isinstance(following, Request):
                    await self._look.compare(self.world)
            await self._look.compare_at_the_end(self.world)
        finally:
            await self._serving.aclose()

    async def _serve(self) -> None:
        self.world = await self._serving.enter_async_context(open_world(self._file, self._clock))

    async def _do(self, step: Step) -> None:  # noqa: C901 - one line a kind of step
        match step:
            case Start():
                self._starts.append((step, start_inputs.given(step, self.house), self.house.now))
                await self._start(*self._starts[-1])
            case Again(which):
                if self._starts:
                    await self._start(*self._starts[-1 - which % len(self._starts)])
            case Call():
                await self._call(step)
            case Track():
                await self._track(step)
            case Together():
                await self._together(step)
            case Update(which):
                said = agenda_updates.given(step, self._id(which), self.house)
                expected = agenda_updates.update(self.house, said)
                self._check(await self.world.ask(UPDATE_ITEM, input=agenda_updates.sent(said)), expected)
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
        life = start_inputs.life(step, self.house, given_at)
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

    async def _track(self, step: Track) -> None:
        session_id = self._id(step.which, *(() if step.stray else ("MEDIA",)))
        events = player_events.events(step, self.house.find(session_id))
        given = {"id": session_id, "events": player_events.sent(events)}
        self._check(await self.world.ask(TRACK, input=given), self.house.track(session_id, events))

    def _given(self, step: Call) -> tuple[dict[str, Any], Told | None]:
        given = {"id": self._id(step.which), **step.given}
        life = self.house.find(given["id"])
        if step.ping is None or not (step.ping.stray or (life is not None and life.kind == "MEDIA")):
            return given, None
        ping = player_events.told(player_events.PINGS[step.name], step.ping, life)
        return given | {"media": {"playerTime": player_events.time(ping)}}, ping

    async def _set_project(self, step: SetProject) -> None:
        timeouts = None if step.timeouts is None else [{"kind": k, "seconds": s} for k, s in step.timeouts.items()]
        given = {"timeouts": timeouts} | ({"id": step.id} if step.new else {})
        answer = await self.world.ask(
            CREATE if step.new else UPDATE, input=given, **({} if step.new else {"id": step.id})
        )
        expected = self.house.set_project(step.id, step.timeouts, new=step.new)
        assert [problem["code"] for problem in answer["problems"]] == expected

    def _id(self, which: int, *kinds: str) -> str:
        # Those that go on come last, to be chosen first: to the others less can happen.
        wanted = [life for life in self.house.lives if not kinds or life.kind in kinds]
        lives = sorted(wanted, key=lambda life: life.ended is None)
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
        self._look.was_set_back = True
        self.house.pass_time(-milliseconds)
        await self.world.advance(-milliseconds / 1000)


def _one(name: str) -> str:
    """The document of a call that takes one input."""
    return f"mutation($input: {name.title()}SessionInput!) {{ {name}Session(input: $input) {{ {WHOLE} }} }}"


def _seen(answer: dict[str, Any]) -> tuple[Any, ...]:
    return answer["session"], [problem["code"] for problem in answer["problems"]], answer["keepaliveSeconds"]


def _payload(answer: Answer) -> tuple[Any, ...]:
    return None if answer.life is None else told(answer.life), answer.problems, answer.keepalive_seconds
