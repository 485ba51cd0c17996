"""Generated subscriptions of this application, executed on items of their sources."""

from collections import Counter
from dataclasses import dataclass
from random import Random
from typing import Any, Final

import orjson
from graphql.execution import Executor

from models.enums import ActivityType, SetChange
from models.tables.rows import Activity, Session
from resolvers.access import LOCAL_ADMIN
from resolvers.context import Context, open_context
from resolvers.feed.messages import Change, Resync, Snapshot
from resolvers.stats.service import Stats
from resolvers.subscriptions.stats import SingleFlightStats
from tests.factories import NOW
from tests.transport.executor.completion_order import CompletionOrder, keyed_random
from tests.transport.executor.differential import Outcome
from tests.transport.executor.session_cases import EXECUTIONS, ShrinkingCase, generate, is_accepted
from tests.transport.executor.session_database import Servers, reads_in_turn
from transport.errors import RequestError
from transport.execution import Execution

EVENTS: Final = 3


@dataclass(frozen=True)
class SubscriptionCase(ShrinkingCase):
    servers: Servers
    seed: int
    field: str

    async def run(self, executor_class: type[Executor[Any]]) -> list[Outcome]:
        execution = EXECUTIONS[executor_class]
        operation = execution.documents.get(self.document.text).select_operation(None)
        try:
            executor = execution.build_executor(operation, self.document.variables, None)
        except RequestError as error:
            return [Outcome(orjson.dumps({"errors": error.errors}))]
        return [await self._run_event(execution, executor, number) for number in range(EVENTS)]

    async def _run_event(self, execution: Execution, executor: Executor[Any], number: int) -> Outcome:
        order = CompletionOrder(f"{self.seed} {number}")
        async with open_context(self.servers.oracle.app.state.services, LOCAL_ADMIN) as context:
            payload = self._payload(context, keyed_random("event", f"{self.seed} {number}"))
            event_executor = executor.build_per_event_executor(payload)
            event_executor.context_value = context
            with reads_in_turn(order) as reads:
                result = await order.run(execution.execute(event_executor))
        is_usual = "errors" not in result.body and self.document.is_plannable
        return Outcome(execution.encode(result)[1], reads=Counter(reads), is_usual=is_usual)

    def _payload(self, context: Context, random: Random) -> Any:
        """Make an item as the source of the field does."""
        if self.field == "sessionStats":
            filters: list[dict[str, Any]] = [{}, {"active": True}, {"kinds": ["USER"]}]
            return SingleFlightStats(Stats(context, random.choice(filters)))
        if random.random() < 0.1:
            return Resync("Changes were missed.", "cursor")
        if self.field == "sessionActivities":
            return random.choice([row for row in self.servers.rows if isinstance(row, Activity)])
        sessions = [row for row in self.servers.rows if isinstance(row, Session)]
        if random.random() < 0.4:
            return Snapshot(random.sample(sessions, k=random.randint(0, 6)), 6, True, False, "cursor")
        changed = random.choice(sessions)
        activity = random.choice([None, ActivityType.MOVED])
        found = None if random.random() < 0.1 else changed
        return Change(random.choice(list(SetChange)), changed.id, found, activity, NOW, "cursor")

    def __str__(self) -> str:
        return f"seed {self.seed}, variables {self.document.variables}\n{self.document.text}"


def make_case(servers: Servers, seed: int) -> SubscriptionCase:
    random = keyed_random("subscription case", str(seed))
    while True:
        field = random.choice(["activeSessions", "activeSessions", "sessionActivities", "sessionStats"])
        document = generate(random, servers.names, "subscription", [field])
        if is_accepted(document.text):
            return SubscriptionCase(document, servers, seed, field)
