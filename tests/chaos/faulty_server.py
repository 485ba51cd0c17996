"""A server whose subscriptions are broken: `python -m tests.chaos.faulty_server serve …`, `BREAKAGE` saying how.

A test that does not notice is none.
"""

import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import count
from typing import Any, Final

from resolvers.feed import queries, resume
from resolvers.feed.consumer import LogConsumer
from resolvers.feed.log_reader import LogReader
from resolvers.feed.messages import FeedItem
from resolvers.feed.resume import LogPosition
from resolvers.subscriptions.live_query import LiveQuery
from tests.chaos import small_batches_server
from transport.subscriptions.responses import Frame
from transport.subscriptions.subscriber import SubscriberStream

_numbers: Final = count(1)


def _every_nth(n: int) -> bool:
    return next(_numbers) % n == 0


def _patch(owner: type, name: str, method: Callable[..., Any]) -> None:
    setattr(owner, name, method)


def drop_items() -> None:
    enqueue = LogConsumer.enqueue
    _patch(LogConsumer, "enqueue", lambda self, items: enqueue(self, [one for one in items if not _every_nth(50)]))


def duplicate_items() -> None:
    enqueue = LogConsumer.enqueue

    def twice(self: LogConsumer, items: Iterable[FeedItem]) -> None:
        enqueue(self, [again for one in items for again in ([one, one] if _every_nth(20) else [one])])

    _patch(LogConsumer, "enqueue", twice)


def reorder_items() -> None:
    enqueue = LogConsumer.enqueue

    def reverse(self: LogConsumer, items: Iterable[FeedItem]) -> None:
        enqueue(self, list(items)[::-1])

    _patch(LogConsumer, "enqueue", reverse)


def lose_removals() -> None:
    change = LiveQuery._set_change

    def forget(self: LiveQuery, id_: str, *rest: Any) -> Any:
        found = change(self, id_, *rest)
        return None if found == "REMOVED" and _every_nth(5) else found

    _patch(LiveQuery, "_set_change", forget)


def use_final_cursor_for_whole_flush() -> None:
    item = LiveQuery._change_item

    def ahead(self: LiveQuery, *args: Any, point: LogPosition) -> FeedItem:  # noqa: ARG001 - what is right is not used
        return item(self, *args, point=self._delivered)

    _patch(LiveQuery, "_change_item", ahead)


def issue_stale_cursors() -> None:
    of_set = resume.set_token

    def behind(database_id: str, fingerprint: str, point: LogPosition) -> str:
        return of_set(database_id, fingerprint, replace(point, position=point.position // 2))

    resume.set_token = behind


def skip_entry_on_resume() -> None:
    read = LogReader.read

    async def skip(self: LogReader, question: Any, *args: Any) -> Any:
        now, found = await read(self, question, *args)
        if question is queries.missed_changes and _every_nth(5):
            found = found._replace(sessions=found.sessions[1:])
        if question is queries.log_page and _every_nth(5):
            found = found._replace(entries=found.entries[1:])
        return now, found

    _patch(LogReader, "read", skip)


def repeat_entry_on_resume() -> None:
    read = LogReader.read

    async def early(self: LogReader, question: Any, *args: Any) -> Any:
        if question in (queries.missed_changes, queries.log_page):
            *rest, stretch = args
            args = (*rest, stretch._replace(after=max(0, stretch.after - 1)))
        return await read(self, question, *args)

    _patch(LogReader, "read", early)


def read_snapshot_position_later() -> None:
    read = LogReader.read

    async def later(self: LogReader, question: Any, *args: Any) -> Any:
        now, found = await read(self, question, *args)
        if question is queries.snapshot:
            found = found._replace(position=(await read(self, lambda look, _now: look.head))[1])
        return now, found

    _patch(LogReader, "read", later)


def lose_frames_of_slow_readers() -> None:
    put = SubscriberStream._enqueue

    def lose(self: SubscriberStream, position: int, frame: Frame) -> None:
        if self._handoff.has_waiter or self._queue.has_room(frame):
            put(self, position, frame)

    _patch(SubscriberStream, "_enqueue", lose)


FAULTS: Final[tuple[Callable[[], None], ...]] = (
    drop_items,
    duplicate_items,
    reorder_items,
    lose_removals,
    use_final_cursor_for_whole_flush,
    issue_stale_cursors,
    skip_entry_on_resume,
    repeat_entry_on_resume,
    read_snapshot_position_later,
    lose_frames_of_slow_readers,
)

if __name__ == "__main__":
    {each.__name__: each for each in FAULTS}[os.environ["BREAKAGE"]]()
    small_batches_server.main()
