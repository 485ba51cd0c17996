"""Reads: questions that wait together are answered by one thread, from one snapshot, in one hop.

A hop to another thread and back takes 40 to 80 µs, a read by id 10. At 64 connections a thread that answers all that
waits is as fast as reading on the thread of the event loop, which a page that is not in memory would block.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Generic, NamedTuple, TypeVar

from sqlalchemy.engine import Engine

from models.database.connection_thread import ConnectionThread, close_cursors
from models.database.engine import Transaction
from models.errors import StorageUnavailable

T = TypeVar("T")

MAX_BATCH: Final = 16
"""Questions that share a snapshot; the answer of the first waits for that of the last."""
SLOW_SECONDS: Final = 0.005
"""Interval of the check for batches that take long."""


class Question(NamedTuple, Generic[T]):
    query: Callable[[Transaction], T]
    caller: "asyncio.Future[T]"


class Batch:
    """Questions that a thread takes, and answers one after the other."""

    def __init__(self, thread: ConnectionThread) -> None:
        self.thread = thread
        # Both threads take from these, an item at a time.
        self.questions: deque[Question[Any]] = deque()
        self.answers: deque[tuple[Question[Any], Any, Exception | None]] = deque()
        self.was_seen = False
        """Whether it was running at the last check."""
        self.is_slow = False
        """Whether other threads answer what waits."""


class Reader:
    """Threads that answer questions.

    One of them does as long as it is fast: two would answer smaller batches, and contend for the interpreter. Once a
    question takes long, those behind it, and new ones, go to the next thread, and what is answered is delivered.
    """

    def __init__(self, engine: Engine, threads: int, explain: Callable[[Exception], Exception]) -> None:
        """
        Args:
            engine: connects.
            threads: how many questions may take long before others wait for them.
            explain: converts the exception of a query to that of its caller.
        """
        self._engine = engine
        self._explain = explain
        self._loop = asyncio.get_running_loop()
        self._threads = [ConnectionThread(engine, f"reader-{number}") for number in range(threads)]
        self._idle = list(self._threads)
        self._running: list[Batch] = []
        self._waiting: deque[Question[Any]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._closing = False

    def ask(self, query: Callable[[Transaction], T]) -> asyncio.Future[T]:
        """Run a query in a read transaction that begins after this call; cancelling interrupts its statement."""
        caller: asyncio.Future[T] = self._loop.create_future()
        if self._closing:
            caller.set_exception(StorageUnavailable("the server is stopping"))
            return caller
        self._waiting.append(Question(query, caller))
        self._wake()
        return caller

    async def close(self) -> None:
        """Interrupt running queries and close the connections."""
        self._closing = True
        if self._timer is not None:
            self._timer.cancel()
        # Of running batches as well: nothing may pass a question on to a thread that has ended.
        for questions in (self._waiting, *(batch.questions for batch in self._running)):
            with suppress(IndexError):  # not by iterating: threads take from these, too
                while True:
                    questions.popleft().caller.cancel()
        await asyncio.gather(*(thread.close() for thread in self._threads))
        self._engine.dispose()

    def _wake(self) -> None:
        """Let an idle thread take the questions that wait, unless one is about to."""
        if self._waiting and self._idle and all(batch.is_slow for batch in self._running):
            batch = Batch(self._idle.pop())
            self._running.append(batch)
            batch.thread.submit(lambda: self._answer(batch))
            if self._timer is None:
                self._timer = self._loop.call_later(SLOW_SECONDS, self._check)

    def _answer(self, batch: Batch) -> None:
        # In the thread. What is taken was asked before the snapshot begins: a caller reads what it wrote before.
        with suppress(IndexError):
            while len(batch.questions) < MAX_BATCH:
                batch.questions.append(self._waiting.popleft())
        try:
            if batch.questions:  # another thread may have been faster
                with batch.thread.transaction("BEGIN") as tx, suppress(IndexError):
                    while True:
                        _answer_one(batch, tx, batch.questions.popleft())
        except Exception as error:  # it could not connect, or begin
            with suppress(IndexError):
                while True:
                    batch.answers.append((batch.questions.popleft(), None, error))
        self._loop.call_soon_threadsafe(self._finish, batch)

    def _finish(self, batch: Batch) -> None:
        self._running.remove(batch)
        self._idle.append(batch.thread)
        self._deliver(batch)
        self._wake()

    def _check(self) -> None:
        """Pass on the questions of batches that were running at the last check, too, and deliver their answers."""
        self._timer = None
        for batch in self._running:
            if batch.was_seen:
                batch.is_slow = True
                with suppress(IndexError):
                    while True:
                        self._waiting.appendleft(batch.questions.pop())
                self._deliver(batch)
            batch.was_seen = True
        self._wake()
        # Also for slow ones: a thread that was given no processor until now takes questions after its first check.
        if self._timer is None and self._running:
            self._timer = self._loop.call_later(SLOW_SECONDS, self._check)

    def _deliver(self, batch: Batch) -> None:
        while batch.answers:
            question, result, error = batch.answers.popleft()
            if question.caller.done():
                continue  # cancelled
            if error is None:
                question.caller.set_result(result)
            else:
                question.caller.set_exception(self._explain(error))
                question.caller.exception()  # marks it as retrieved: asyncio would log it, if it is not awaited


def _answer_one(batch: Batch, tx: Transaction, question: Question[Any]) -> None:
    if question.caller.cancelled():
        return
    batch.thread.caller = question.caller
    try:
        batch.answers.append((question, question.query(tx), None))
    except Exception as error:
        close_cursors(error)
        batch.answers.append((question, None, error))
    finally:
        batch.thread.caller = None
