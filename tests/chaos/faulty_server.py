"""A server whose subscriptions are broken: `python -m tests.chaos.faulty_server serve …`, `BREAKAGE` saying how.

A test that does not notice is none.
"""

import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import count
from typing import Any, Final

from resolvers.feed import queries, resume
from resolvers.feed.consumer import Follower
from resolvers.feed.log_reader import Feed
from resolvers.feed.messages import Item
from resolvers.feed.resume import Place
from resolvers.subscriptions.live_query import LiveSet
from tests.chaos import small_batches_server
from transport.subscriptions.responses import Frame
from transport.subscriptions.subscriber import Subscription

_numbers: Final = count(1)


def _now_and_then(every: int) -> bool:
    return next(_numbers) % every == 0


def _replace(owner: type, name: str, method: Callable[..., Any]) -> None:
    setattr(owner, name, method)


def an_item_is_dropped() -> None:
    give = Follower.give
    _replace(Follower, "give", lambda self, items: give(self, [one for one in items if not _now_and_then(50)]))


def an_item_comes_twice() -> None:
    give = Follower.give

    def twice(self: Follower, items: Iterable[Item]) -> None:
        give(self, [again for one in items for again in ([one, one] if _now_and_then(20) else [one])])

    _replace(Follower, "give", twice)


def two_items_change_places() -> None:
    give = Follower.give

    def reverse(self: Follower, items: Iterable[Item]) -> None:
        give(self, list(items)[::-1])

    _replace(Follower, "give", reverse)


def removed_is_forgotten() -> None:
    change = LiveSet._change

    def forget(self: LiveSet, id_: str, *rest: Any) -> Any:
        found = change(self, id_, *rest)
        return None if found == "REMOVED" and _now_and_then(5) else found

    _replace(LiveSet, "_change", forget)


def a_flush_has_its_last_cursor_throughout() -> None:
    item = LiveSet._item

    def ahead(self: LiveSet, *args: Any, place: Place) -> Item:  # noqa: ARG001 - what is right is not used
        return item(self, *args, place=self._told)

    _replace(LiveSet, "_item", ahead)


def a_cursor_falls_behind() -> None:
    of_set = resume.of_set

    def behind(database_id: str, set_: str, place: Place) -> str:
        return of_set(database_id, set_, replace(place, position=place.position // 2))

    resume.of_set = behind


def a_resume_skips_an_entry() -> None:
    read = Feed.read

    async def skip(self: Feed, question: Any, *args: Any) -> Any:
        now, found = await read(self, question, *args)
        if question is queries.missed and _now_and_then(5):
            found = found._replace(sessions=found.sessions[1:])
        if question is queries.entries and _now_and_then(5):
            found = found._replace(entries=found.entries[1:])
        return now, found

    _replace(Feed, "read", skip)


def a_resume_begins_one_entry_too_early() -> None:
    read = Feed.read

    async def early(self: Feed, question: Any, *args: Any) -> Any:
        if question in (queries.missed, queries.entries):
            *rest, stretch = args
            args = (*rest, stretch._replace(after=max(0, stretch.after - 1)))
        return await read(self, question, *args)

    _replace(Feed, "read", early)


def a_snapshot_and_its_position_are_of_two_transactions() -> None:
    read = Feed.read

    async def later(self: Feed, question: Any, *args: Any) -> Any:
        now, found = await read(self, question, *args)
        if question is queries.newest:
            found = found._replace(position=(await read(self, lambda look, _now: look.head))[1])
        return now, found

    _replace(Feed, "read", later)


def a_slow_reader_is_not_sent_on() -> None:
    put = Subscription._put

    def lose(self: Subscription, position: int, frame: Frame) -> None:
        if self._handover.awaited or self._queue.has_room(frame):
            put(self, position, frame)

    _replace(Subscription, "_put", lose)


BREAKAGES: Final[tuple[Callable[[], None], ...]] = (
    an_item_is_dropped,
    an_item_comes_twice,
    two_items_change_places,
    removed_is_forgotten,
    a_flush_has_its_last_cursor_throughout,
    a_cursor_falls_behind,
    a_resume_skips_an_entry,
    a_resume_begins_one_entry_too_early,
    a_snapshot_and_its_position_are_of_two_transactions,
    a_slow_reader_is_not_sent_on,
)

if __name__ == "__main__":
    {each.__name__: each for each in BREAKAGES}[os.environ["BREAKAGE"]]()
    small_batches_server.main()
