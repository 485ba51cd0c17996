"""Runner that applies steps to a server and to the reference model, and compares them after each."""

import asyncio
from contextlib import AsyncExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.api_client import EPOCH, ApiClient, FakeClock, open_api
from tests.media.reference_metrics import SentEvent
from tests.model_based import inputs, player_events
from tests.model_based.compare import ModelComparison
from tests.model_based.reference_model import ExpectedResult, ReferenceModel
from tests.model_based.render import (
    RELATED_FIELDS,
    SESSION_FIELDS,
    flatten_related,
    render_full_session,
    render_session,
)
from tests.model_based.steps import (
    Call,
    ClockBack,
    ConcurrentStarts,
    Delete,
    KeepaliveBatch,
    RepeatStart,
    Request,
    Save,
    ServerDown,
    SetProject,
    Start,
    Step,
    Sweep,
    Terminate,
    Track,
    Update,
    Wait,
)

KEEPALIVE_SESSIONS = f"""mutation($input: KeepaliveSessionsInput!) {{ keepaliveSessions(input: $input) {{ results {{
    session {{ {SESSION_FIELDS} }} keepaliveSeconds problems {{ code }} }} }} }}"""
DELETE = "mutation($id: ID!) { deleteSession(input: {id: $id}) { id problems { code } } }"
CREATE_PROJECT = "mutation($input: CreateProjectInput!) { createProject(input: $input) { problems { code } } }"
UPDATE_PROJECT = "mutation($input: UpdateProjectInput!) { updateProject(input: $input) { problems { code } } }"
FULL_FIELDS = f"{SESSION_FIELDS} {RELATED_FIELDS}"
UNKNOWN_ID = "s_" + "x" * 22


class ModelRunner:
    api: ApiClient

    def __init__(self, file: Path) -> None:
        self.model = ReferenceModel(EPOCH)
        self._file = file
        self._clock = FakeClock()
        self._server_stack = AsyncExitStack()
        self._starts: list[tuple[Start, dict[str, Any], int]] = []
        self._comparison = ModelComparison(self.model)

    async def run(self, steps: list[Step]) -> None:
        await self._start_server()
        try:
            for step, following in pairwise([*steps, Sweep(), Sweep()]):
                await self._execute(step)
                # The result of a request was compared as a whole. After downtime the first request must find the
                # deadlines extended: sometimes that is to be the next step, not always this comparison.
                if isinstance(step, Wait | Sweep | ClockBack) or not isinstance(following, Request):
                    await self._comparison.compare(self.api)
            await self._comparison.compare_final(self.api)
        finally:
            await self._server_stack.aclose()

    async def _start_server(self) -> None:
        self.api = await self._server_stack.enter_async_context(open_api(self._file, self._clock))

    async def _execute(self, step: Step) -> None:  # noqa: C901, PLR0912 - one case per kind of step
        match step:
            case Start():
                await self._execute(ConcurrentStarts(step, 1))
            case ConcurrentStarts(start, count):
                self._starts.append((start, inputs.start_input(start, self.model), self.model.now))
                await self._start(*self._starts[-1], count=count)
            case RepeatStart(index):
                if self._starts:
                    await self._start(*self._starts[-1 - index % len(self._starts)])
            case Call():
                await self._call(step)
            case Track():
                await self._track(step)
            case KeepaliveBatch():
                await self._keepalive_sessions(step)
            case Save(index, data, remove):
                session_id = self._session_id(index, *(() if step.any_kind else ("FIELD",)))
                sent = [{"name": name, "value": value} for name, value in data.items()]
                save_input = {"id": session_id, "data": sent, "remove": list(remove)}
                answer = await self.api.mutate("saveFieldData", save_input, FULL_FIELDS)
                self._assert_payload(answer, self.model.save(session_id, data, remove))
            case Update(index):
                session_id = self._session_id(index, *(() if step.any_kind else ("AGENDA",)))
                values = inputs.update_values(step, session_id, self.model.now)
                expected = self.model.update_agenda(values)
                self._assert_payload(await self._mutate("updateAgenda", inputs.update_input(values)), expected)
            case Terminate(index):
                session_id = self._session_id(index)
                answer = await self._mutate("terminate", {"id": session_id, "reason": "why"})
                self._assert_payload(answer, self.model.terminate(session_id))
            case Delete(index):
                session_id = self._session_id(index)
                answer, expected = await self.api.execute(DELETE, id=session_id), self.model.delete(session_id)
                assert [problem["code"] for problem in answer["problems"]] == expected.problems
            case SetProject():
                await self._set_project(step)
            case Wait():
                await self._wait(step)
            case Sweep():
                self.model.sweep()
                await self.api.sweep()
            case ServerDown():
                await self._server_down(step)
            case ClockBack(milliseconds):
                await self._clock_back(milliseconds)

    # ---- calls ----

    async def _start(self, step: Start, start_input: dict[str, Any], input_at: int, count: int = 1) -> None:
        expected = [
            self.model.start(start_input, inputs.expected_session(step, self.model, input_at)) for _ in range(count)
        ]
        answers = await asyncio.gather(*(self._mutate("start", start_input) for _ in range(count)))
        assert sum(answer["created"] for answer in answers) == sum(result.created for result in expected)
        for answer, result in zip(answers, expected, strict=True):
            # Which of equal starts creates the session is open; all of them return it.
            if result.created and result.session is not None:
                result.session.id = answer["session"]["id"]
        for answer, result in zip(answers, expected, strict=True):
            self._assert_payload(answer, result)

    async def _mutate(self, name: str, input_: dict[str, Any]) -> dict[str, Any]:
        return await self.api.mutate(f"{name}Session", input_, FULL_FIELDS)

    async def _call(self, step: Call) -> None:
        input_, ping = self._call_input(step)
        expected = getattr(self.model, step.name)(input_, ping)
        self._assert_payload(await self._mutate(step.name, input_), expected)

    async def _keepalive_sessions(self, step: KeepaliveBatch) -> None:
        # Render each expected result at once: the calls after it change the same sessions.
        calls, expected = [], []
        for call in step.calls:
            calls.append(self._call_input(call))
            expected.append(_expected(self.model.keepalive(*calls[-1])))
        payload = await self.api.execute(KEEPALIVE_SESSIONS, input={"sessions": [input_ for input_, _ in calls]})
        assert [_actual(answer) for answer in payload["results"]] == expected

    async def _track(self, step: Track) -> None:
        session_id = self._session_id(step.index, *(() if step.any_kind else ("MEDIA",)))
        session = self.model.find(session_id)
        events = [player_events.event_at(type_, at, session) for type_, at in step.events]
        sent = [{"type": event.type, "playerTime": player_events.player_time(event)} for event in events]
        answer = await self.api.mutate("trackMedia", {"id": session_id, "events": sent}, FULL_FIELDS)
        self._assert_payload(answer, self.model.track(session_id, events))

    def _call_input(self, step: Call) -> tuple[dict[str, Any], SentEvent | None]:
        input_ = {"id": self._session_id(step.index), **step.values}
        session = self.model.find(input_["id"])
        if step.ping is None or not (step.ping.any_kind or (session is not None and session.kind == "MEDIA")):
            return input_, None
        ping = player_events.event_at(player_events.PING_TYPES[step.name], step.ping, session)
        return input_ | {"media": {"playerTime": player_events.player_time(ping)}}, ping

    async def _set_project(self, step: SetProject) -> None:
        timeouts = None if step.timeouts is None else [{"kind": k, "seconds": s} for k, s in step.timeouts.items()]
        document = CREATE_PROJECT if step.new else UPDATE_PROJECT
        answer = await self.api.execute(document, input={"id": step.id, "timeouts": timeouts})
        expected = self.model.set_project(step.id, step.timeouts, new=step.new)
        assert [problem["code"] for problem in answer["problems"]] == expected

    def _session_id(self, index: int, *kinds: str) -> str:
        # Sessions that have not ended come last, to be chosen first: more can happen to them.
        candidates = [session for session in self.model.sessions if not kinds or session.kind in kinds]
        sessions = sorted(candidates, key=lambda session: session.ended is None)
        ids = [session.id for session in sessions] or [*self.model.deleted, UNKNOWN_ID]
        return ids[-1 - index % len(ids)]

    def _assert_payload(self, answer: dict[str, Any], expected: ExpectedResult) -> None:
        if answer["session"] is not None:
            answer["session"] = flatten_related(answer["session"])
            del answer["session"]["__typename"]
        session = None if expected.session is None else render_full_session(expected.session)
        assert _actual(answer) == (session, *_expected(expected, "keepaliveSeconds" in answer)[1:])

    # ---- time ----

    async def _wait(self, step: Wait) -> None:
        milliseconds = step.milliseconds
        index = step.until_start_of if step.until_end_of is None else step.until_end_of
        if index is not None:
            session = self.model.find(self._session_id(index))
            edge = (
                None if session is None else session.started if step.until_end_of is None else session.predicted_end()
            )
            milliseconds = 0 if edge is None else max(0, edge - self.model.now + milliseconds)
        self.model.advance(milliseconds)
        await self.api.advance(milliseconds / 1000)

    async def _server_down(self, step: ServerDown) -> None:
        if step.restarts:
            await self._server_stack.aclose()
        self._clock.value += step.milliseconds
        self.model.server_down(step.milliseconds)
        if step.restarts:
            await self._start_server()
            self.model.sweep()
        elif step.milliseconds <= 5_000:
            await self.api.advance(0)

    async def _clock_back(self, milliseconds: int) -> None:
        # Ends and purged keys are persisted first, so that they do not depend on whether a sweep happened.
        if self.model.has_expired_keys:
            return
        await self._execute(Sweep())
        self._comparison.clock_went_back = True
        self.model.advance(-milliseconds)
        await self.api.advance(-milliseconds / 1000)


def _actual(answer: dict[str, Any]) -> tuple[Any, ...]:
    return answer["session"], [problem["code"] for problem in answer["problems"]], answer.get("keepaliveSeconds")


def _expected(answer: ExpectedResult, has_interval: bool = True) -> tuple[Any, ...]:
    session = None if answer.session is None else render_session(answer.session)
    return session, answer.problems, answer.keepalive_seconds if has_interval else None
