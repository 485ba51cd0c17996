"""Whatever comes between, and wherever a server dies: no attachment lacks its content, no content stays without one.

Forms that store the same few contents, forms that go, collectors and dying servers take their steps in any order.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy import create_engine, select
from sqlalchemy.engine import Connection

from models import tables
from models.clock import MINUTE
from resolvers.blobs.leases import GRACE, Claim, Content, FilesLost, Look, claim, condemn, erase, hold, let_go

CONTENTS: Final = ("aa", "bb")
PROCESSES: Final = 2


@dataclass
class Storing:
    """A form that stores a content."""

    process: int
    content: str
    claimed_at: int = 0
    key: str = ""
    is_new: bool = False
    is_stored: bool = False


@dataclass
class Collecting:
    """A round of a collector."""

    process: int
    keys: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)


class Files(RuleBasedStateMachine):
    """The rows in a real database, the store in memory, and what is under way in each of two servers."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = create_engine("sqlite://")
        tables.METADATA.create_all(self.engine)
        self.store: set[str] = set()
        self.now = 1_000_000_000
        self.forms = 0
        self.storing: list[Storing] = []
        self.collecting: list[Collecting] = []

    def teardown(self) -> None:
        self.engine.dispose()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One that is whole or not at all."""
        with self.engine.begin() as tx:
            yield tx

    # ---- forms ----

    @rule(process=st.integers(0, PROCESSES - 1), content=st.sampled_from(CONTENTS))
    def begin(self, process: int, content: str) -> None:
        """A file has arrived; its content is claimed."""
        with self.transaction() as tx:
            (claimed,) = claim(tx, [Claim(self.now, (Content(content, 1),))])
        found = claimed[content]
        self.storing.append(Storing(process, content, self.now, found.key, found.is_new))

    @rule(data=st.data())
    def store_content(self, data: st.DataObject) -> None:
        """The content is put in the store, unless it is there; no store takes longer than a claim counts."""
        if waiting := [each for each in self.storing if not each.is_stored and self.now < each.claimed_at + GRACE]:
            form = data.draw(st.sampled_from(waiting))
            if form.is_new or form.key not in self.store:
                self.store.add(form.key)
            form.is_stored = True

    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        """The form is written, or refused because its content was collected meanwhile."""
        if ready := [each for each in self.storing if each.is_stored]:
            form = data.draw(st.sampled_from(ready))
            self.storing.remove(form)
            self.forms += 1
            row = {"id": f"f{self.forms}", "session_id": f"s{self.forms}", "name": "a", "file_key": form.key}
            try:
                with self.transaction() as tx:
                    hold(tx, {form.key})
                    tx.execute(tables.attachment.insert(), {**row, "filename": "", "content_type": ""})
            except FilesLost:
                assert self.now >= form.claimed_at + GRACE, "a claim that counts is not overridden"

    @rule(data=st.data())
    def remove_form(self, data: st.DataObject) -> None:
        """A form is deleted or replaced."""
        with self.transaction() as tx:
            ids = tx.execute(select(tables.attachment.c.session_id)).scalars().all()
            if ids:
                gone = tables.attachment.c.session_id == data.draw(st.sampled_from(sorted(ids)))
                let_go(tx, select(tables.attachment.c.file_key).where(gone))
                tx.execute(tables.attachment.delete().where(gone))

    # ---- collectors ----

    @rule(process=st.integers(0, PROCESSES - 1))
    def condemn(self, process: int) -> None:
        """A collector chooses what goes."""
        busy = frozenset(each.content for each in self.storing if each.process == process)
        with self.transaction() as tx:
            (keys,) = condemn(tx, [Look(self.now, busy)])
        self.collecting.append(Collecting(process, keys))

    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        """It removes one content."""
        if rounds := [each for each in self.collecting if each.keys]:
            collecting = data.draw(st.sampled_from(rounds))
            key = collecting.keys.pop()
            self.store.discard(key)
            collecting.deleted.append(key)

    @rule(data=st.data())
    def erase(self, data: st.DataObject) -> None:
        """It forgets what it removed."""
        if rounds := [each for each in self.collecting if each.deleted]:
            collecting = data.draw(st.sampled_from(rounds))
            with self.transaction() as tx:
                erase(tx, [collecting.deleted])
            collecting.deleted = []

    # ---- time and death ----

    @rule(minutes=st.sampled_from([1, 5, 10]))
    def wait(self, minutes: int) -> None:
        """Time goes by."""
        self.now += minutes * MINUTE

    @rule(process=st.integers(0, PROCESSES - 1))
    def kill(self, process: int) -> None:
        """A server dies; what it had under way stops where it is."""
        self.storing = [each for each in self.storing if each.process != process]
        self.collecting = [each for each in self.collecting if each.process != process]

    @invariant()
    def every_attachment_has_its_content(self) -> None:
        assert self.held() <= self.store

    @invariant()
    def every_content_has_its_row(self) -> None:
        with self.transaction() as tx:
            assert self.store <= set(tx.execute(select(tables.stored_file.c.key)).scalars())

    @rule()
    def come_to_rest(self) -> None:
        """All servers die, claims run out, one collects: what is left is what somebody has."""
        for process in range(PROCESSES):
            self.kill(process)
        self.now += GRACE
        with self.transaction() as tx:
            (keys,) = condemn(tx, [Look(self.now, frozenset())])
        self.store -= set(keys)
        with self.transaction() as tx:
            erase(tx, [keys])
            assert set(tx.execute(select(tables.stored_file.c.key)).scalars()) == self.store == self.held()

    def held(self) -> set[str]:
        """The keys that attachments have."""
        with self.transaction() as tx:
            return set(tx.execute(select(tables.attachment.c.file_key)).scalars())


TestFiles = Files.TestCase
TestFiles.settings = settings(max_examples=25, stateful_step_count=40, deadline=None)
