"""Questions of streams that begin: those that come while others are answered are answered together.

After a restart a crowd comes back at once, and each stream asks for what it alone has missed. In a transaction of its
own, each would cost several times what its answer does.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError

from models.clock import Instant
from models.database import Database
from resolvers.feed.queries import Look
from resolvers.feed.settling import any_unsettled, settle

T = TypeVar("T")

AT_ONCE: Final = 2
"""Transactions: one long answer keeps nobody waiting, and there are connections left for who asks something else."""
TOGETHER: Final = 64
"""Questions in one of them."""


@dataclass(frozen=True, slots=True)
class _Question:
    now: Instant
    ask: Callable[[Look], Any]
    answer: asyncio.Future[Any]


class Asking:
    """Asks the database, of states in which time has written everything down."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[_Question] = []
        self._working = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def ask(self, now: Instant, question: Callable[[Look], T]) -> T:
        """The answer to a question, of a state in which everything is written down that time has done by `now`.

        Raises:
            StorageUnavailable: the database can't be read now.
        """
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Question(now, question, answer))
        if self._working < AT_ONCE:
            self._working += 1
            task = asyncio.create_task(self._work(), name="asking")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await answer

    async def finish(self) -> None:
        """Wait till what is being answered is."""
        await asyncio.gather(*self._tasks)

    async def _work(self) -> None:
        try:
            while self._waiting:
                questions = [one for one in self._waiting[:TOGETHER] if not one.answer.done()]
                del self._waiting[:TOGETHER]
                if questions:
                    await self._answer(questions)
        finally:
            # Not when the task is known to be done: who asks before that would wait for one that looks no more.
            self._working -= 1

    async def _answer(self, questions: Sequence[_Question]) -> None:
        try:
            answers = await self._read(questions)
        except Exception as error:  # each of them is told, and says more about it
            answers = [error] * len(questions)
        for question, answer in zip(questions, answers, strict=True):
            if question.answer.done():
                continue  # whoever asked has left
            if isinstance(answer, Exception):
                question.answer.set_exception(answer)
            else:
                question.answer.set_result(answer)

    async def _read(self, questions: Sequence[_Question]) -> Sequence[Any]:
        now = max(question.now for question in questions)
        answers = await self._database.read(_settled_answers, questions, now)
        if answers is None:
            await settle(self._database, now)
            answers = await self._database.read(_answers, questions)
        return answers


def _settled_answers(tx: Connection, questions: Sequence[_Question], now: Instant) -> Sequence[Any] | None:
    return None if any_unsettled(tx, now) else _answers(tx, questions)


def _answers(tx: Connection, questions: Sequence[_Question]) -> Sequence[Any]:
    """The answers, or what went wrong with a question: which is no other's matter, unless it is the storage's."""
    look, answers = Look(tx), []
    for question in questions:
        try:
            answers.append(question.ask(look))
        except OperationalError:
            raise
        except Exception as error:
            answers.append(error)
    return answers
