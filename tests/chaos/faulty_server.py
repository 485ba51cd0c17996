"""Server with an injected fault, named by the variable `FAULT`: `python -m tests.chaos.faulty_server serve …`.

It proves that the storm test detects such faults.
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
    assert hasattr(owner, name)
    setattr(owner, name, method)


def _patch_enqueue(change: Callable[[list[FeedItem]], list[FeedItem]]) -> None:
    enqueue = LogConsumer.enqueue

    def patched(self: LogConsumer, items: Iterable[FeedItem]) -> None:
        enqueue(self, change(list(items)))

    _patch(LogConsumer, "enqueue", patched)


def drop_items() -> None:
    _patch_enqueue(lambda items: [item for item in items if not _every_nth(50)])


def duplicate_items() -> None:
    _patch_enqueue(lambda items: [again for item in items for again in ([item, item] if _every_nth(20) else [item])])


def reorder_items() -> None:
    _patch_enqueue(lambda items: items[::-1])


def lose_removals() -> None:
    set_change = LiveQuery._set_change

    def patched(self: LiveQuery, *args: Any) -> Any:
        found = set_change(self, *args)
        return None if found == "REMOVED" and _every_nth(5) else found

    _patch(LiveQuery, "_set_change", patched)


def use_final_cursor_for_whole_flush() -> None:
    def patched(self: LiveQuery, count: int, _before: LogPosition) -> list[str]:
        return [self._token(self._enqueued_through)] * count

    _patch(LiveQuery, "_flush_cursors", patched)


def issue_stale_cursors() -> None:
    set_token = resume.set_token

    def patched(database_id: str, fingerprint: str, point: LogPosition) -> str:
        return set_token(database_id, fingerprint, replace(point, position=point.position // 2))

    resume.set_token = patched


def skip_entry_on_resume() -> None:
    read = LogReader.read

    async def patched(self: LogReader, query: Any, *args: Any) -> Any:
        now, found = await read(self, query, *args)
        if query is queries.missed_changes and _every_nth(5):
            found = found._replace(sessions=found.sessions[1:])
        if query is queries.log_page and _every_nth(5):
            found = found._replace(entries=found.entries[1:])
        return now, found

    _patch(LogReader, "read", patched)


def repeat_entry_on_resume() -> None:
    read = LogReader.read

    async def patched(self: LogReader, query: Any, *args: Any) -> Any:
        if query in (queries.missed_changes, queries.log_page):
            *others, log_range = args
            args = (*others, log_range._replace(after=max(0, log_range.after - 1)))
        return await read(self, query, *args)

    _patch(LogReader, "read", patched)


def read_snapshot_position_later() -> None:
    read = LogReader.read

    async def patched(self: LogReader, query: Any, *args: Any) -> Any:
        now, found = await read(self, query, *args)
        if query is queries.snapshot:
            found = found._replace(position=(await read(self, lambda read_tx, _now: read_tx.head))[1])
        return now, found

    _patch(LogReader, "read", patched)


def lose_frames_of_slow_readers() -> None:
    enqueue = SubscriberStream._enqueue

    def patched(self: SubscriberStream, frame: Frame) -> None:
        if self._handoff.has_waiter or self._queue.has_room(frame):
            enqueue(self, frame)

    _patch(SubscriberStream, "_enqueue", patched)


FAULTS: Final = {
    fault.__name__: fault
    for fault in (
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
}

if __name__ == "__main__":
    FAULTS[os.environ["FAULT"]]()
    small_batches_server.main()
